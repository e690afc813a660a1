"""Plays the desktop's notification service and its dock: a line of JSON for every notice and number.

The interfaces are those of https://specifications.freedesktop.org/notification-spec and of
https://wiki.ubuntu.com/Unity/LauncherAPI.
"""

import json

from gi.repository import Gio, GLib

INTERFACE = """
<node><interface name="org.freedesktop.Notifications">
  <method name="Notify">
    <arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
    <arg type="a{sv}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/>
  </method>
  <method name="GetCapabilities"><arg type="as" direction="out"/></method>
  <method name="GetServerInformation">
    <arg type="s" direction="out"/><arg type="s" direction="out"/>
    <arg type="s" direction="out"/><arg type="s" direction="out"/>
  </method>
</interface></node>
"""


def answer(_bus, _sender, _path, _interface, method, arguments, invocation):
    if method == "Notify":
        app, _replaces, _icon, title, text, _actions, hints, _life = arguments.unpack()
        notice = {"app": app, "title": title, "text": text, "sound": hints.get("sound-name")}
        print(json.dumps(notice), flush=True)
        invocation.return_value(GLib.Variant("(u)", (1,)))
    elif method == "GetCapabilities":
        invocation.return_value(GLib.Variant("(as)", (["body", "sound"],)))
    else:
        invocation.return_value(GLib.Variant("(ssss)", ("test", "test", "1", "1.2")))


def offer(bus, _name):
    interface = Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0]
    bus.register_object("/org/freedesktop/Notifications", interface, answer)


def number(_bus, _sender, _path, _interface, _signal, arguments):
    program, properties = arguments.unpack()
    print(json.dumps({"dock": program, **dict(sorted(properties.items()))}), flush=True)


def ready(bus, _name):
    launcher = "com.canonical.Unity.LauncherEntry"
    bus.signal_subscribe(None, launcher, "Update", None, None, Gio.DBusSignalFlags.NONE, number)
    print("ready", flush=True)


NAME = "org.freedesktop.Notifications"
Gio.bus_own_name(Gio.BusType.SESSION, NAME, Gio.BusNameOwnerFlags.NONE, offer, ready, None)
GLib.MainLoop().run()
