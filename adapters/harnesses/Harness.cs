// A harness in C# (Mono or .NET): it lets fencepost judge an implementation, one line of JSON in, one line out.
//
//     mcs Harness.cs && fencepost check "stdio:mono Harness.exe"
//
// Replace the four methods at the top by calls into your implementation, and leave the rest as it is. What they throw
// becomes a JSON-RPC error, which the kit reports as a broken harness and not as a failed clause.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using Members = System.Collections.Generic.Dictionary<string, object>;

class Harness {
    // --- The four methods to fill in: here a small vault that knows IP rules and the default action -----------------

    static bool isOpen = true;
    static List<long[]> ranges = new List<long[]>(); // the first and the last address of each

    static Members Describe() {
        return new Members { {"protocol", 1}, {"name", "vault in C#"}, {"version", "1.0"}, {"profile", "keyvault"},
            {"features", new List<object> {"ip-rules-only", "decisions-only"}} };
    }

    static void Reset() {
        isOpen = true;
        ranges = new List<long[]>();
    }

    static Members PutRules(Members networkAcls) {
        var read = new List<long[]>();
        foreach (Members rule in List(networkAcls, "ipRules")) {
            var parts = (rule["value"] + "/32").Split('/');
            long size = 1L << (32 - int.Parse(parts[1]));
            long first = Number(parts[0]) / size * size;
            read.Add(new[] {first, first + size - 1});
        }
        isOpen = !networkAcls.ContainsKey("defaultAction") || (string) networkAcls["defaultAction"] != "Deny";
        ranges = read;
        return new Members { {"accepted", true} };
    }

    static string Decide(Members request) {
        long address = Number((string) ((Members) request["source"])["address"]);
        bool isIn = ranges.Any(range => range[0] <= address && address <= range[1]);
        return isOpen || isIn || (string) request["plane"] == "control" ? "allow" : "deny";
    }

    static long Number(string address) {
        return address.Split('.').Aggregate(0L, (all, part) => all * 256 + long.Parse(part));
    }

    // --- The contract's loop ----------------------------------------------------------------------------------------

    static object Result(string method, Members given) {
        switch (method) {
            case "describe": return Describe();
            case "reset": Reset(); return new Members();
            case "putRules": return PutRules((Members) given["networkAcls"]);
            case "decide":
                var decisions = List(given, "requests").Select(one => (object) Decide((Members) one)).ToList();
                return new Members { {"decisions", decisions} };
            case "shutdown": return new Members();
            default: return null;
        }
    }

    static List<object> List(Members of, string name) {
        return of.ContainsKey(name) ? (List<object>) of[name] : new List<object>();
    }

    static Members Answer(string line) {
        var made = new Members { {"jsonrpc", "2.0"}, {"id", null} };
        int code = -32700;
        try {
            var call = (Members) new Harness(line).Value();
            made["id"] = call["id"];
            code = -32000;
            object given;
            var found = Result((string) call["method"], call.TryGetValue("params", out given) ? (Members) given : new Members());
            if (found != null) made["result"] = found;
            else made["error"] = new Members { {"code", -32601}, {"message", "no method " + call["method"]} };
        } catch (Exception error) {
            made["error"] = new Members { {"code", code}, {"message", error.ToString()} };
        }
        return made;
    }

    static void Main() {
        var lines = new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false));
        var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = true };
        for (string line; (line = lines.ReadLine()) != null;) output.Write(Text(Answer(line)) + "\n");
    }

    // --- JSON, which not every C# library reads ---------------------------------------------------------------------

    readonly string line;
    int place;

    Harness(string line) { this.line = line; }

    object Value() {
        char first = Next();
        if (first == '{' || first == '[') {
            var members = new Members();
            var entries = new List<object>();
            for (char close = first == '{' ? '}' : ']'; Peek() != close;) {
                if (Peek() == ',') Next();
                if (first == '[') { entries.Add(Value()); continue; }
                var name = (string) Value();
                Next(); // the colon
                members[name] = Value();
            }
            Next();
            return first == '{' ? (object) members : entries;
        }
        if (first != '"') {
            int start = place - 1;
            while (place < line.Length && ",]} ".IndexOf(line[place]) < 0) place++;
            var word = line.Substring(start, place - start);
            return word == "null" ? null : word == "true" || word == "false" ? (object) (word == "true")
                : decimal.Parse(word, CultureInfo.InvariantCulture);
        }
        var text = new StringBuilder();
        for (char one; (one = line[place++]) != '"'; text.Append(one)) {
            if (one != '\\') continue;
            one = line[place++];
            if (one == 'u') { one = (char) Convert.ToInt32(line.Substring(place, 4), 16); place += 4; }
            else if ("nrtbf".IndexOf(one) >= 0) one = "\n\r\t\b\f"["nrtbf".IndexOf(one)];
        }
        return text.ToString();
    }

    char Peek() { while (line[place] == ' ') place++; return line[place]; }

    char Next() { Peek(); return line[place++]; }

    static string Text(object value) {
        var members = value as Members;
        if (members != null) return "{" + string.Join(",", members.Select(one => Text(one.Key) + ":" + Text(one.Value))) + "}";
        var list = value as List<object>;
        if (list != null) return "[" + string.Join(",", list.Select(Text)) + "]";
        var text = value as string;
        if (text == null) return value == null ? "null" : value is bool ? value.ToString().ToLower() : Convert.ToString(value, CultureInfo.InvariantCulture);
        return "\"" + string.Concat(text.Select(one => one == '"' || one == '\\' ? "\\" + one : one < 32 ? "\\u" + ((int) one).ToString("x4") : one.ToString())) + "\"";
    }
}
