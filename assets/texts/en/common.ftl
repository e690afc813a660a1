allow = Allow
view-only = View only
decline = Decline
close = Close
cancel = Cancel
copied = Copied
full-control = Full control
language = Language
theme = Appearance
theme-system = System
theme-light = Light
theme-dark = Dark
settings = Settings
server = Server
server-hint = host:port#fingerprint
duration = { $minutes ->
    [0] { $seconds } s
   *[other] { $minutes } min { $seconds } s
}

error-unknown-host = The server { $who } cannot be found. Check its name and your network.
error-no-answer = { $who } does not answer. Check the address and your network.
error-wrong-key = { $who } has another key than expected. Do not connect; ask your administrator.
error-refused-link = { $who } refused the connection. It may run another version.
error-lost = The connection to the server was lost. Try again.
error-version = The server runs another version. Install the same version on both sides.
error-credentials = The name or the password is wrong.
error-signed-out = You are signed out. Sign in again.
error-unknown-code = No case has this code. Check it with your supporter.
error-closed = This case is closed. A new one is needed.
error-expired = This code has expired. A new one is needed.
error-claimed = This code is in use on another computer. Ask for a new one.
error-customer-absent = The customer is not online. Wait until the customer’s app is open.
error-busy = The customer is already in a session or being asked for one.
error-not-allowed = This is not allowed.
error-unknown-supporter = No supporter has this name.
error-not-yours = Another supporter is responsible for this case.
error-all-invited = Two supporters are invited already. More cannot be.
error-bad-text = A name must have 1 to 80 characters.
error-storage = The server could not save this. Try again.
error-server-name = The server’s address must be HOST:PORT#FINGERPRINT, as the server prints it.
error-code = This is not a session code. A code looks like s12-345-678.
error-link = This link is not complete. Copy the whole link again.
