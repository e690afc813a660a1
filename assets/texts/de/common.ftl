allow = Erteilen
view-only = Nur ansehen
decline = Ablehnen
close = Schließen
cancel = Abbrechen
copied = Kopiert
full-control = Volle Steuerung
language = Sprache
theme = Darstellung
theme-system = System
theme-light = Hell
theme-dark = Dunkel
settings = Einstellungen
server = Server
server-hint = Host:Port#Fingerabdruck
duration = { $minutes ->
    [0] { $seconds } s
   *[other] { $minutes } min { $seconds } s
}

error-unknown-host = Der Server { $who } wurde nicht gefunden. Prüfen Sie den Namen und Ihr Netzwerk.
error-no-answer = { $who } antwortet nicht. Prüfen Sie die Adresse und Ihr Netzwerk.
error-wrong-key = { $who } hat einen anderen Schlüssel als erwartet. Verbinden Sie sich nicht; fragen Sie Ihren Administrator.
error-refused-link = { $who } hat die Verbindung abgelehnt. Vielleicht läuft dort eine andere Version.
error-lost = Die Verbindung zum Server ist abgebrochen. Versuchen Sie es erneut.
error-version = Der Server hat eine andere Version. Installieren Sie auf beiden Seiten dieselbe.
error-credentials = Name oder Passwort ist falsch.
error-signed-out = Sie sind abgemeldet. Melden Sie sich erneut an.
error-unknown-code = Kein Fall hat diesen Code. Prüfen Sie ihn mit Ihrem Techniker.
error-closed = Dieser Fall ist geschlossen. Ein neuer ist nötig.
error-expired = Dieser Code ist abgelaufen. Ein neuer ist nötig.
error-claimed = Dieser Code wird auf einem anderen Computer benutzt. Bitten Sie um einen neuen.
error-customer-absent = Der Kunde ist nicht online. Warten Sie, bis seine App geöffnet ist.
error-busy = Der Kunde ist schon in einer Sitzung oder wird gerade gefragt.
error-not-allowed = Das ist nicht erlaubt.
error-unknown-supporter = Kein Techniker hat diesen Namen.
error-not-yours = Ein anderer Techniker ist für diesen Fall zuständig.
error-all-invited = Zwei Techniker sind schon eingeladen. Mehr können es nicht sein.
error-bad-text = Ein Name muss 1 bis 80 Zeichen haben.
error-storage = Der Server konnte das nicht speichern. Versuchen Sie es erneut.
error-server-name = Die Adresse muss HOST:PORT#FINGERABDRUCK lauten, wie der Server sie ausgibt.
error-code = Das ist kein PIN-Code. Ein Code sieht aus wie s12-345-678.
error-link = Dieser Link ist nicht vollständig. Kopieren Sie den ganzen Link noch einmal.
