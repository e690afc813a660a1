"""Finds and presses real widgets through the desk's accessibility bus.

Reads one JSON request a line, writes one JSON answer a line. Requests:
  {"op": "find",  WANTED}            waits until the widget is there
  {"op": "gone",  WANTED}            waits until it is not
  {"op": "press", WANTED}            waits for it, then does its first action
  {"op": "focus", WANTED}            waits for it, then gives it the keyboard focus
  {"op": "dump"}                     the whole tree as text
WANTED: "name" | "prefix" | "contains" (accessible name), optional "role", "app", "timeout" (seconds).
Answers: {"ok": true, "name", "role", "text", "extents": [x, y, width, height]} or {"error", "tree"}.
"""

import json
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
gi.require_version("Gio", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402

# A tree deeper or larger than this is no window of ours.
MAX_DEPTH = 40
MAX_NODES = 3000
POLL = 0.04

# One word for what the bus calls differently in its versions and for its kinds of text field.
ROLES = {
    "push button": "button",
    "toggle button": "button",
    "password text": "field",
    "entry": "field",
    "text": "field",
    "static": "label",
}


def enable():
    """Tells the programs of this session that someone wants to see their widgets."""
    bus = Gio.bus_get_sync(Gio.BusType.SESSION)
    arguments = GLib.Variant("(ssv)", ("org.a11y.Status", "IsEnabled", GLib.Variant("b", True)))
    bus.call_sync("org.a11y.Bus", "/org/a11y/bus", "org.freedesktop.DBus.Properties", "Set",
                  arguments, None, Gio.DBusCallFlags.NONE, 10000, None)


def role_of(node):
    role = node.get_role_name()
    return ROLES.get(role, role)


def text_of(node):
    try:
        if node.get_text_iface() is not None:
            return Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node))
    except GLib.Error:
        pass
    return ""


def name_of(node, role):
    name = node.get_name() or ""
    return name or (text_of(node) if role == "label" else "")


def walk(node, depth, found):
    if depth > MAX_DEPTH or len(found) > MAX_NODES or node is None:
        return
    try:
        role = role_of(node)
        found.append((depth, node, role, name_of(node, role)))
        for index in range(node.get_child_count()):
            walk(node.get_child_at_index(index), depth + 1, found)
    except GLib.Error:
        # A widget that went away while we looked.
        pass


def tree(app=None):
    desktop = Atspi.get_desktop(0)
    found = []
    try:
        for index in range(desktop.get_child_count()):
            child = desktop.get_child_at_index(index)
            if child is None:
                continue
            # A program may have drawn anew; its old tree must not be believed.
            child.clear_cache()
            if app is None or (child.get_name() or "") == app:
                walk(child, 0, found)
    except GLib.Error:
        pass
    return found


def wanted(request, role, name):
    if request.get("role") not in (None, role):
        return False
    if "name" in request:
        return name == request["name"]
    if "prefix" in request:
        return name.startswith(request["prefix"])
    return request.get("contains", "") in name


def search(request):
    for _, node, role, name in tree(request.get("app")):
        if wanted(request, role, name):
            return node, role, name
    return None


def describe(found):
    node, role, name = found
    area = [0, 0, 0, 0]
    try:
        if node.get_component_iface() is not None:
            box = Atspi.Component.get_extents(node, Atspi.CoordType.SCREEN)
            area = [box.x, box.y, box.width, box.height]
    except GLib.Error:
        pass
    return {"ok": True, "name": name, "role": role, "text": text_of(node), "extents": area}


def dump():
    lines = []
    for depth, node, role, name in tree():
        text = text_of(node)
        lines.append("  " * depth + f"{role} {name!r}" + (f" = {text!r}" if text and text != name else ""))
    return "\n".join(lines)


def act(request, found):
    node = found[0]
    if request["op"] == "press":
        if node.get_action_iface() is None or not Atspi.Action.do_action(node, 0):
            raise RuntimeError("it cannot be pressed")
    elif request["op"] == "focus" and not Atspi.Component.grab_focus(node):
        raise RuntimeError("it does not take the focus")


def serve(request):
    if request["op"] == "dump":
        return {"ok": True, "tree": dump()}
    deadline = time.monotonic() + request.get("timeout", 20)
    problem = "it is not there"
    while True:
        try:
            found = search(request)
            if request["op"] == "gone":
                if found is None:
                    return {"ok": True}
                problem = "it is still there"
            elif found is not None:
                answer = describe(found)
                act(request, found)
                return answer
        except (GLib.Error, RuntimeError) as error:
            problem = str(error)
        if time.monotonic() > deadline:
            return {"error": problem, "tree": dump()}
        time.sleep(POLL)


def main():
    enable()
    Atspi.init()
    print(json.dumps({"ok": True}), flush=True)
    for line in sys.stdin:
        try:
            answer = serve(json.loads(line))
        except Exception as error:  # the test must hear of it, whatever it is
            answer = {"error": repr(error), "tree": ""}
        print(json.dumps(answer), flush=True)


main()
