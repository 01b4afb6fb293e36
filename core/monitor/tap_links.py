# SPDX-License-Identifier: LGPL-2.1-or-later
"""The taps of connections, for make-taps: tap-NAME.inc has the shims of the provider's table and of the user's port, and what sets them."""
import answers
from pieces import Refused
from prototypes import prototype, space

OF_PROVIDER = {"record", "tell", "port", "always by hand", "by hand"}
OF_PORT = {"record", "tell", "by hand", "optional"}


def block(head, *lines):
    return "\n".join([head, "{", *lines, "}", ""])


class Shim:
    """A function of the provider's table, or of the port."""

    def __init__(self, name, function, answer, line, words):
        self.name, self.function, self.line, self.clauses = name, function, line, {}
        self.parameters = [parameter["name"] for parameter in function["parameters"]]
        self.returns = function["returns"]["c"]
        for clause in (part.strip() for part in answer.split(";")):
            word, _, rest = (clause, "", "") if clause in words else clause.partition(" ")
            if word not in words:
                raise Refused(line, f"`{clause}` is none of {', '.join(sorted(words))}")
            self.clauses[word] = rest.split()
        if sum(word in self.clauses for word in ("record", "port", "always by hand", "by hand")) != 1:
            raise Refused(line, f"{name} is one of record, port, by hand, always by hand")
        for word in ("record", "tell"):
            values = self.clauses.get(word, [])[1:]
            unknown = [value for value in values if value not in self.parameters]
            if unknown or len(values) > 2:
                raise Refused(line, f"{name} has no parameter {unknown[0]}" if unknown else f"`{word}` has two values at most")

    @property
    def c_name(self):
        return f"linked_{self.name}" if "port" in self.clauses or "always by hand" in self.clauses else f"tapped_{self.name}"

    def prototype(self):
        return prototype(self.c_name, self.function)

    def recorded(self):
        """What the recorder is given: the event's number, two values, and the memory of the call."""
        event, *values = self.clauses["record"]
        memory = next((p for p in self.function["parameters"] if p["role"] == "bytes" and p["unit"] == "bytes"), None)
        data = [memory["name"], memory["length"]] if memory else ["NULL", "0"]
        return ", ".join([f"TSR_RECORDING_{event}", *(values + ["0", "0"])[:2], *data])

    def body(self, find, table, other, before, after):
        """`before` and `after` are functions of the recorder's, with their first arguments, around the call of other's function."""
        result, told = self.returns != "void", self.clauses.get("tell")
        lines = [f"\tconst struct tsr_tap_link *link = {find};", f"\tconst struct {table} *inner = link->{other};",
                 "\tstruct tsr_recorder *recorder = tsr_tap_link_recorder(link);"]
        lines += [f"\t{space(self.returns)}result;", ""] if result else [""]
        lines += [f"\ttsr_tap_link_tell(link, TSR_MONITOR_{', '.join(told)});"] if told else []
        lines += [f"\t{before}(link, recorder, {self.recorded()});"]
        lines += [f"\t{'result = ' if result else ''}inner->{self.name}({', '.join(self.parameters)});"]
        lines += [f"\t{after};"] if after else []
        return block(self.prototype(), *lines, *(["\treturn result;"] if result else []))


class Connection:
    def __init__(self, interface, entry, found, described):
        words = entry.options.split()
        if len(words) != 2:
            raise Refused(entry.line, f"{entry.name}: a name, and a kind of events")
        self.entry, self.macro, self.table, (self.name, self.kind) = entry.name, interface["macro"], interface["table"], words
        self.shims = self.read(self.table, entry, described, OF_PROVIDER)
        self.last = [name for name in interface["functions"] if name in {shim.name for shim in self.shims}][-1]
        self.connect = next((shim for shim in self.shims if "port" in shim.clauses), None)
        self.port, self.port_shims = None, []
        if self.connect:
            self.port = self.connect.function["parameters"][1]["type"]["base"].removeprefix("struct ")
            self.port_shims = self.read(self.port, found[self.port], described, OF_PORT)

    @staticmethod
    def read(struct, entry, described, words):
        functions = answers.functions(described, struct)
        return [Shim(name, functions[name], answer, line, words) for name, (answer, line) in entry.functions.items()
                if not answer.startswith("- ")]

    def by_hand(self):
        shims = [shim for shim in self.shims + self.port_shims if "by hand" in shim.clauses or "always by hand" in shim.clauses]
        return [f"/* What tap-{self.name}.c has. */", *(shim.prototype() + ";" for shim in shims), ""] if shims else []

    def of_provider(self, shim):
        after = "tsr_tap_link_result(link, recorder, result, NULL, 0)" if shim.returns != "void" else None
        return shim.body(f"tsr_tap_link_find(&tsr_tap_{self.name}, self)", self.table, "inner", "tsr_tap_link_call", after)

    def of_port(self, shim):
        after = f"tsr_recorder_leave(recorder, {'result' if shim.returns != 'void' else 0})"
        return shim.body(f"tsr_tap_link_find_port(&tsr_tap_{self.name}, to)", self.port, "card", "tsr_tap_link_enter", after)

    @staticmethod
    def puts(shim, to, inner):
        put = f"\t{to}->{shim.name} = on ? {shim.c_name} : {inner}->{shim.name};"
        return f"\tif (TSR_HAS({inner}, {shim.name}))\n\t{put}" if "optional" in shim.clauses else put

    def sets(self):
        texts, rows = [], [self.puts(shim, "table", "inner") for shim in self.shims if shim.c_name.startswith("tapped_")]
        if self.port:
            texts.append(block(f"static void set_port(struct {self.port} *port, const struct {self.port} *card, bool on)",
                               *(self.puts(shim, "port", "card") for shim in self.port_shims)))
            rows += ["\tif (link->port)", "\t\tset_port(link->port, link->card, on);"]
        return texts + [block("static void set(struct tsr_tap_link *link, bool on)", f"\tconst struct {self.table} *inner = link->inner;",
                              f"\tstruct {self.table} *table = link->table;", "", *rows)]

    def connects(self):
        port = self.connect.parameters[1]
        return block(self.connect.prototype(), f"\tstruct tsr_tap_link *link = tsr_tap_link_find(&tsr_tap_{self.name}, self);",
                     f"\tconst struct {self.table} *inner = link->inner;", "\tg_autofree G_GNUC_UNUSED void *former = link->port;", "",
                     f"\ttsr_tap_link_take_port(link, {port}, {port} ? {port}->to : NULL);", "\tset(link, link->is_on);",
                     f"\tinner->{self.connect.name}(self, link->port);")

    def begins(self):
        rows = [f"\ttable->{shim.name} = {shim.c_name};" for shim in self.shims if shim.c_name.startswith("linked_")]
        return ["/* Always there: what is connected while no tap is set would not be seen later. */",
                block("static void begin(struct tsr_tap_link *link)", f"\tstruct {self.table} *table = link->table;", "", *rows)]

    def text(self):
        shims = [self.of_provider(shim) for shim in self.shims if "record" in shim.clauses]
        shims += [self.of_port(shim) for shim in self.port_shims if "record" in shim.clauses]
        kind = [f"const struct tsr_tap_link_kind tsr_tap_{self.name} = {{", f"\t.interface = {self.macro},",
                f"\t.min_size = TSR_SIZE_TO(struct {self.table}, {self.last}),", f"\t.kind = TSR_MONITOR_{self.kind},", "\t.begin = begin,",
                "\t.set = set,", "};"]
        head = f"/* Made by make-taps of tap-rules and the description of the interfaces, for tap-{self.name}.c. */"
        return "\n".join([head, "", *self.by_hand(), *shims, *self.sets(), *([self.connects()] if self.connect else []), *self.begins(),
                          *kind, ""])
