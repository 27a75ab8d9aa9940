"""The words for problems of discovery, as data: what `ttyhost explain CODE` prints.

``E-`` keeps a plugin from being used, ``W-`` does not. ``state`` is what its row in
``ttyhost ldiscs`` says. A word once released keeps its meaning.
"""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    title: str
    state: str
    text: str
    """Why it is so, for the one who meets it the first time."""
    cure: str


CODES: dict[str, Code] = {
    # ------------------------------------------------------------ read from metadata
    "E-METADATA": Code(
        "the metadata of an installed distribution cannot be read",
        "broken",
        "Every installed distribution has a directory NAME-VERSION.dist-info. One of the files in it is "
        "damaged: a line of entry_points.txt has no '=', or is not UTF-8, or METADATA is missing. The "
        "distribution need not have to do with ttyhost; other programs that use entry points may not "
        "start at all because of it. ttyhost leaves the distribution out and goes on.",
        "Reinstall the distribution: pip install --force-reinstall NAME.",
    ),
    "E-NAME": Code(
        "the entry point's name is not what it must be",
        "broken",
        "In the group ttyhost.ldisc.v1 the name is NUMBER.NAME: a number from 0 to 255 without leading "
        "zeros, a dot, and 1 to 16 characters a-z 0-9 _ - that begin with a letter or digit and have a "
        'letter among them: "200.myproto". In ttyhost.drivers.v1 it is a URL scheme, in '
        "ttyhost.commands.v1 a verb, both in lower case.",
        "The author corrects the name in [project.entry-points] of pyproject.toml and releases again.",
    ),
    "E-VALUE": Code(
        "the entry point's value is not module:attribute",
        "broken",
        "The right side of an entry point names the object to import: package.module:Class. This one "
        "cannot be read as such, so nothing can be imported.",
        "The author corrects the value in [project.entry-points] of pyproject.toml and releases again.",
    ),
    "W-GROUP": Code(
        "an entry point group that this host does not know",
        "ok",
        "Groups that begin with 'ttyhost.' are the host's: ttyhost.ldisc.vN, ttyhost.drivers.vN, "
        "ttyhost.commands.vN and ttyhost.hooks.vN, where N is the major version of the ABI. What stands "
        "in another group is not looked at.",
        "The author corrects the group's name; or a newer ttyhost is needed.",
    ),
    "W-TWICE": Code(
        "a distribution is installed twice in one place",
        "ok",
        "Two dist-info directories of one distribution stand side by side, which an interrupted upgrade "
        "leaves behind. It is counted once, as the newer one.",
        "Reinstall the distribution: pip install --force-reinstall NAME.",
    ),
    # ------------------------------------------------------------ settled between claims
    "E-DISABLED": Code(
        "the plugin is switched off",
        "disabled",
        "TTYHOST_PLUGINS is the list of the only distributions that may be used (an empty one allows "
        "none), TTYHOST_DISABLED_PLUGINS the list of those that may not; 'plugins' and 'disabled' in the "
        "configuration file are the same where the variable is not set; --no-plugins switches all of "
        "them off. A plugin that is switched off claims no number, not even one of ours.",
        "Change the variable or the file, or do not give --no-plugins.",
    ),
    "E-REQUIRES": Code(
        "the plugin requires another version of ttyhost",
        "incompatible",
        "The distribution's metadata requires a version of ttyhost that this is not. pip does not let "
        "that happen, except with --no-deps or when ttyhost was changed alone later. It is not imported.",
        "pip install --upgrade ttyhost NAME; pip check lists all such cases.",
    ),
    "E-ABI": Code(
        "the plugin speaks another major version of the ABI",
        "incompatible",
        "The ABI's major version is in the group's name: ttyhost.ldisc.v1. A host uses plugins of the "
        "major versions it speaks only; what a method means may differ in the others.",
        "Install a version of the plugin that speaks an ABI of this host, or another ttyhost.",
    ),
    "E-NUMBER-TAKEN": Code(
        "two plugins claim one number",
        "conflict",
        "The numbers of line disciplines are an ABI: one number means one protocol. When two "
        "distributions claim a number, neither is used until you say which one; the order in which they "
        "were installed, or are found, never decides.",
        "Uninstall one of them, or prefer one: TTYHOST_PREFER=NUMBER:DISTRIBUTION, or for good by "
        'NUMBER = "DISTRIBUTION" under [prefer] in the configuration file.',
    ),
    "E-NAME-TAKEN": Code(
        "two plugins claim one name",
        "conflict",
        "When two distributions claim one name (of a discipline, a URL scheme, a verb), neither is used "
        "until you say which one; the order in which they are found never decides.",
        "Uninstall one of them, or prefer one: TTYHOST_PREFER=NAME:DISTRIBUTION, or for good by "
        'NAME = "DISTRIBUTION" under [prefer] in the configuration file.',
    ),
    "E-BUILTIN": Code(
        "the plugin would shadow one of ttyhost's own",
        "conflict",
        "What ttyhost ships (n_tty, slip, ppp, the built-in n_null, its URL schemes and verbs) cannot be "
        "replaced by another distribution while it is installed: a user who types 'slip' gets slip.",
        "Uninstall or disable ours (TTYHOST_DISABLED_PLUGINS) to use the other one.",
    ),
    "E-RESERVED": Code(
        "the number or the name belongs to another discipline",
        "broken",
        "0-30 mean what they mean on Linux, 31-63 stay free for Linux, 64-127 are given out in the "
        "registry in the documentation, and a name that stands there belongs to its number. A number is "
        "never given to another protocol. 29 and 128-255 are free for private use.",
        "The author takes a number from 128-255, or asks for one in the registry.",
    ),
    "W-UNREGISTERED": Code(
        "the number is not in this host's registry",
        "ok",
        "64-127 are given out in the registry in the documentation. This host's copy does not know the "
        "number; perhaps it was given out after this host was released.",
        "The author asks for the number in the registry; a newer ttyhost may know it.",
    ),
    "W-SETTING": Code(
        "a setting cannot be understood, or has no effect",
        "ok",
        "TTYHOST_PLUGINS and TTYHOST_DISABLED_PLUGINS are distributions, separated by commas. "
        "TTYHOST_PREFER is a list of NUMBER:DISTRIBUTION or NAME:DISTRIBUTION, separated by commas, "
        "each naming something that the distribution claims.",
        "Correct the variable, TTYHOST_PREFER=5:ttyhost-kiss,mode:other-mode, or the configuration file.",
    ),
    "E-MISSING": Code(
        "a known discipline is not installed",
        "missing",
        "Line disciplines are packages. This one is known by number and name, and no installed "
        "distribution offers it.",
        "Install the distribution that the hint names; 'ttyhost ldiscs --all' lists what is known.",
    ),
    "E-UNKNOWN": Code(
        "no such discipline, driver or command",
        "missing",
        "Nothing that is installed, and nothing known to this host, has this number or name. A "
        "discipline is given by number (1), by name in any case, with or without N_ (slip, N_SLIP), or "
        "both (1:slip).",
        "'ttyhost ldiscs --all' lists what is known.",
    ),
    # ------------------------------------------------------------ imported
    "E-IMPORT": Code(
        "the plugin cannot be imported",
        "broken",
        "A plugin is imported when it is used the first time. Its code, or a module that it needs, "
        "raised an exception, called sys.exit, or has no object of the name that the entry point gives. "
        "Other plugins are not concerned.",
        "See the cause with -d; reinstall the distribution, or report it to its author.",
    ),
    "E-SLOW": Code(
        "the import of the plugin does not end",
        "broken",
        "The import was still running when its time was over. Python cannot stop it: the thread that "
        "imports stays until the process ends, and nobody waits for it. Should it end later, the next "
        "use of the plugin works.",
        "Report it to the author: a module must not wait or work while it is imported.",
    ),
    # ------------------------------------------------------------ validated
    "E-TYPE": Code(
        "the object is not a line discipline",
        "broken",
        "The entry point must name a class derived from ttyhost.LineDiscipline (or "
        "ttyhost.FramedDiscipline, with encode and decode written), or one that has every method of it "
        "and can be made with the tty as the only argument. A driver or a command must be callable.",
        "The author corrects the entry point or the class; 'ttyhost check' shows every finding.",
    ),
    "E-CONSTANT": Code(
        "a constant of the class has the wrong type or value",
        "broken",
        "number is an int from 0 to 255 (True is not a number), name a str of 1 to 16 characters, abi a "
        "pair of ints, options a tuple of Option whose defaults pass their own check, capabilities a "
        "Cap, max_instances None or an int from 1. They are constants of the class, not properties: the "
        "host copies them once.",
        "The author corrects the class; 'ttyhost check' shows every finding.",
    ),
    "E-MISMATCH": Code(
        "the class has another number or name than its entry point",
        "broken",
        "Conflicts are settled by the entry point's name alone, before anything is imported. A class "
        "that then turns out to have another number or name would escape that.",
        "The author makes the entry point's NUMBER.NAME and the class's number and name the same.",
    ),
    "E-ABI-NEWER": Code(
        "the plugin needs a newer ttyhost",
        "incompatible",
        "The plugin was written for a newer minor version of the ABI than this host's. A minor version "
        "adds calls; those that the plugin counts on would not be there.",
        "pip install --upgrade ttyhost",
    ),
    "E-SIGNATURE": Code(
        "a method cannot be called as the host calls it",
        "broken",
        "The host calls a discipline's methods with the arguments that ttyhost.LineDiscipline shows, "
        "positional ones by position. They are plain functions: the host does not await a coroutine and "
        "does not run a generator.",
        "The author gives the method the signature that the finding shows.",
    ),
    "E-CAPABILITY": Code(
        "a declared capability has no method behind it",
        "broken",
        "Capabilities say what a discipline can do, and the host counts on it: Cap.NET needs net(), "
        "Cap.FRAMED needs read(), read_frame() and write(), Cap.CANONICAL needs read() and write().",
        "The author writes the method, or does not declare the capability.",
    ),
    "W-CAPABILITY": Code(
        "a method is written whose capability is not declared",
        "ok",
        "The host asks net() of disciplines with Cap.NET only, and read_frame() of those with "
        "Cap.FRAMED; here they are never called.",
        "The author declares the capability: capabilities = Cap.NET.",
    ),
    "W-UNKNOWN-METHOD": Code(
        "a name looks like a misspelt one of the ABI",
        "ok",
        "The class has a public name that the ABI does not know and that is close to one that the class "
        "does not define. The host never calls it.",
        "The author corrects the spelling, or begins the name with an underscore.",
    ),
    "W-STALE": Code(
        "what is loaded is not what is installed",
        "ok",
        "The distribution was upgraded or removed while its plugin was loaded. What is loaded stays "
        "until it is unregistered, as a kernel module does.",
        "Unregister the discipline, unload it and use it again, or start the program again.",
    ),
    # ------------------------------------------------------------ observers
    "E-HOOK": Code(
        "an observer raised and is blocked",
        "broken",
        "Observers (ttyhost.hooks.v1) are told what happens; they must not raise. The first exception "
        "is kept here, and the observer is not called any more. The lines are not concerned.",
        "Report it to the author of the observer.",
    ),
    "W-HOOK": Code(
        "an observer has a hook that the host does not know, or none at all",
        "ok",
        "Hooks are functions marked with pluggy.HookimplMarker('ttyhost') and named as in "
        "ttyhost.plugins.hookspecs. Others are never called.",
        "The author corrects the name, or marks the function.",
    ),
}
