"""A part of the portal that shares several monitors at once.

The one for sway and its relatives shares one monitor a session. Here every session is one of those for each monitor:
what comes out are its own streams, in one list, side by side. Arguments: the file that answers its question, and the
monitors as NAME:X.
"""

import sys

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

ANSWER = sys.argv[1]
MONITORS = [argument.split(":") for argument in sys.argv[2:]]
SERVICE = "org.freedesktop.impl.portal.desktop.several"
ONE = "org.freedesktop.impl.portal.desktop.wlr"
PATH = "/org/freedesktop/portal/desktop"
CAST = "org.freedesktop.impl.portal.ScreenCast"
SESSION = "org.freedesktop.impl.portal.Session"

XML = """
<node>
  <interface name="org.freedesktop.impl.portal.ScreenCast">
    <method name="CreateSession">
      <arg type="o" direction="in"/><arg type="o" direction="in"/><arg type="s" direction="in"/>
      <arg type="a{sv}" direction="in"/><arg type="u" direction="out"/><arg type="a{sv}" direction="out"/>
    </method>
    <method name="SelectSources">
      <arg type="o" direction="in"/><arg type="o" direction="in"/><arg type="s" direction="in"/>
      <arg type="a{sv}" direction="in"/><arg type="u" direction="out"/><arg type="a{sv}" direction="out"/>
    </method>
    <method name="Start">
      <arg type="o" direction="in"/><arg type="o" direction="in"/><arg type="s" direction="in"/>
      <arg type="s" direction="in"/><arg type="a{sv}" direction="in"/>
      <arg type="u" direction="out"/><arg type="a{sv}" direction="out"/>
    </method>
    <property name="AvailableSourceTypes" type="u" access="read"/>
    <property name="AvailableCursorModes" type="u" access="read"/>
    <property name="version" type="u" access="read"/>
  </interface>
  <interface name="org.freedesktop.impl.portal.Session">
    <method name="Close"/>
    <property name="version" type="u" access="read"/>
  </interface>
</node>
"""
CAST_INFO, SESSION_INFO = Gio.DBusNodeInfo.new_for_xml(XML).interfaces
PROPERTIES = {"AvailableSourceTypes": 1, "AvailableCursorModes": 3, "version": 4}


def ask(bus, path, interface, method, arguments):
    return bus.call_sync(ONE, path, interface, method, arguments, None, Gio.DBusCallFlags.NONE, -1, None)


def cast(bus, _sender, _path, _interface, method, arguments, invocation):
    handle, session, *rest = arguments.unpack()
    streams = []
    for number, (name, x) in enumerate(MONITORS):
        with open(ANSWER, "w", encoding="utf-8") as answer:
            answer.write(name)
        values = [GLib.Variant("o", f"{handle}_{number}"), GLib.Variant("o", f"{session}_{number}")]
        values += [arguments.get_child_value(place) for place in range(2, 2 + len(rest))]
        reply = ask(bus, PATH, CAST, method, GLib.Variant.new_tuple(*values))
        assert reply.get_child_value(0).get_uint32() == 0, f"{method}: {reply}"
        results = reply.get_child_value(1)
        found = results.lookup_value("streams", None)
        for node, properties in found.unpack() if found else []:
            size = GLib.Variant("(ii)", properties["size"])
            place = GLib.Variant("(ii)", (int(x), 0))
            streams.append((node, {"size": size, "position": place}))
    if method == "CreateSession":
        bus.register_object(session, SESSION_INFO, close, lambda *_: GLib.Variant("u", 1), None)
    results = {"streams": GLib.Variant("a(ua{sv})", streams)} if streams else {}
    invocation.return_value(GLib.Variant("(ua{sv})", (0, results)))


def close(bus, _sender, path, _interface, _method, _arguments, invocation):
    for number in range(len(MONITORS)):
        ask(bus, f"{path}_{number}", SESSION, "Close", None)
    invocation.return_value(None)


def serve(bus, _name):
    bus.register_object(
        PATH, CAST_INFO, cast, lambda _bus, _sender, _path, _interface, name: GLib.Variant("u", PROPERTIES[name]), None
    )


Gio.bus_own_name(Gio.BusType.SESSION, SERVICE, Gio.BusNameOwnerFlags.NONE, serve, None, None)
GLib.MainLoop().run()
