// A harness in Java (11 or newer): it lets fencepost judge an implementation, one line of JSON in, one line out.
//
//     fencepost check "stdio:java Harness.java"
//
// Replace the four methods at the top by calls into your implementation, and leave the rest as it is. What they throw
// becomes a JSON-RPC error, which the kit reports as a broken harness and not as a failed clause.
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import java.util.stream.Collectors;

class Harness {
    // --- The four methods to fill in: here a small vault that knows IP rules and the default action -----------------

    static boolean isOpen = true;
    static List<long[]> ranges = List.of(); // the first and the last address of each

    static Map<String, Object> describe() {
        return Map.of("protocol", 1, "name", "vault in Java", "version", "1.0", "profile", "keyvault",
            "features", List.of("ip-rules-only", "decisions-only"));
    }

    static void reset() {
        isOpen = true;
        ranges = List.of();
    }

    static Map<String, Object> putRules(Map<?, ?> networkAcls) {
        List<long[]> read = new ArrayList<>();
        Object rules = networkAcls.get("ipRules");
        for (Object rule : rules == null ? List.of() : (List<?>) rules) {
            String[] parts = (((Map<?, ?>) rule).get("value") + "/32").split("/");
            long size = 1L << (32 - Integer.parseInt(parts[1]));
            long first = number(parts[0]) / size * size;
            read.add(new long[] {first, first + size - 1});
        }
        isOpen = !"Deny".equals(networkAcls.get("defaultAction"));
        ranges = read;
        return Map.of("accepted", true);
    }

    static String decide(Map<?, ?> request) {
        long address = number((String) ((Map<?, ?>) request.get("source")).get("address"));
        boolean isIn = ranges.stream().anyMatch(range -> range[0] <= address && address <= range[1]);
        return isOpen || isIn || "control".equals(request.get("plane")) ? "allow" : "deny";
    }

    static long number(String address) {
        return Arrays.stream(address.split("\\.")).mapToLong(Long::parseLong).reduce(0, (all, part) -> all * 256 + part);
    }

    // --- The contract's loop ----------------------------------------------------------------------------------------

    static Object result(String method, Map<?, ?> params) {
        switch (method) {
            case "describe": return describe();
            case "reset": reset(); return Map.of();
            case "putRules": return putRules((Map<?, ?>) params.get("networkAcls"));
            case "decide":
                List<?> requests = (List<?>) params.get("requests");
                return Map.of("decisions", requests.stream().map(one -> decide((Map<?, ?>) one)).collect(Collectors.toList()));
            case "shutdown": return Map.of();
            default: return null;
        }
    }

    static Map<String, Object> answer(String line) {
        Map<String, Object> made = new LinkedHashMap<>();
        made.put("jsonrpc", "2.0");
        made.put("id", null);
        int code = -32700;
        try {
            Map<?, ?> call = (Map<?, ?>) new Harness(line).value();
            made.put("id", call.get("id"));
            code = -32000;
            Object params = call.get("params");
            Object found = result((String) call.get("method"), params == null ? Map.of() : (Map<?, ?>) params);
            if (found == null) made.put("error", Map.of("code", -32601, "message", "no method " + call.get("method")));
            else made.put("result", found);
        } catch (RuntimeException error) {
            made.put("error", Map.of("code", code, "message", error.toString()));
        }
        return made;
    }

    public static void main(String[] arguments) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
        for (String line; (line = lines.readLine()) != null; out.flush()) out.print(text(answer(line)) + "\n");
    }

    // --- JSON, which Java's own library does not read ---------------------------------------------------------------

    final String line;
    int place = 0;

    Harness(String line) { this.line = line; }

    Object value() {
        char first = next();
        if (first == '{') {
            Map<String, Object> members = new LinkedHashMap<>();
            for (boolean more = peek() != '}'; more; more = peek() == ',') {
                if (peek() == ',') next();
                String name = (String) value();
                next(); // the colon
                members.put(name, value());
            }
            next();
            return members;
        }
        if (first == '[') {
            List<Object> entries = new ArrayList<>();
            for (boolean more = peek() != ']'; more; more = peek() == ',') {
                if (peek() == ',') next();
                entries.add(value());
            }
            next();
            return entries;
        }
        int start = place - 1;
        if (first != '"') {
            while (place < line.length() && ",]} ".indexOf(line.charAt(place)) < 0) place++;
            String word = line.substring(start, place);
            return word.equals("null") ? null : "truefalse".contains(word) ? (Object) word.equals("true") : new java.math.BigDecimal(word);
        }
        StringBuilder text = new StringBuilder();
        for (char one; (one = line.charAt(place++)) != '"'; text.append(one)) {
            if (one != '\\') continue;
            one = line.charAt(place++);
            if (one == 'u') one = (char) Integer.parseInt(line.substring(place, place += 4), 16);
            else if ("nrtbf".indexOf(one) >= 0) one = "\n\r\t\b\f".charAt("nrtbf".indexOf(one));
        }
        return text.toString();
    }

    char peek() { while (line.charAt(place) == ' ') place++; return line.charAt(place); }

    char next() { peek(); return line.charAt(place++); }

    static String text(Object value) {
        if (value instanceof Map) return ((Map<?, ?>) value).entrySet().stream()
            .map(one -> text(one.getKey()) + ":" + text(one.getValue())).collect(Collectors.joining(",", "{", "}"));
        if (value instanceof List) return ((List<?>) value).stream().map(Harness::text).collect(Collectors.joining(",", "[", "]"));
        if (!(value instanceof String)) return String.valueOf(value);
        return ((String) value).chars().mapToObj(one -> one == '"' || one == '\\' ? "\\" + (char) one
            : one < 32 ? String.format("\\u%04x", one) : String.valueOf((char) one)).collect(Collectors.joining("", "\"", "\""));
    }
}
