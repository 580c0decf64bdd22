// Match addresses by one of Java's libraries: `java -cp JARS Match.java NAME` reads lines and answers each with a line.
// "rules RANGE …" is answered with "ok" or "refused: …", "ask ADDRESS" with "yes" or "no". NAME is "commons-net",
// "inet-address" or "netty".
import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.apache.commons.net.util.SubnetUtils;

class Match {
    static Predicate<String> commonsNet(String base, String length) {
        SubnetUtils utils = new SubnetUtils(base + "/" + length);
        utils.setInclusiveHostCount(true); // else first and last address are left out, as documented
        return utils.getInfo()::isInRange;
    }

    static Predicate<String> netty(String base, String length) {
        IpSubnetFilterRule rule = new IpSubnetFilterRule(base, Integer.parseInt(length), IpFilterRuleType.ACCEPT);
        return address -> rule.matches(new InetSocketAddress(address, 1));
    }

    static Predicate<String> inetAddress(String base, String length) {
        int bits = Integer.parseInt(length);
        BigInteger range = number(base).shiftRight(32 - bits);
        return address -> number(address).shiftRight(32 - bits).equals(range);
    }

    static BigInteger number(String address) {
        try {
            return new BigInteger(1, InetAddress.getByName(address).getAddress());
        } catch (UnknownHostException error) {
            throw new IllegalArgumentException(error);
        }
    }

    static Predicate<String> matcher(String name, String base, String length) {
        switch (name) {
            case "netty": return netty(base, length);
            case "inet-address": return inetAddress(base, length);
            default: return commonsNet(base, length);
        }
    }

    public static void main(String[] arguments) throws Exception {
        List<Predicate<String>> rules = List.of();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null;) {
            String[] words = line.trim().split(" +");
            if (words[0].equals("ask")) {
                System.out.println(rules.stream().anyMatch(rule -> rule.test(words[1])) ? "yes" : "no");
                continue;
            }
            try {
                List<Predicate<String>> read = new ArrayList<>();
                for (int place = 1; place < words.length; place++) {
                    String[] parts = (words[place] + "/32").split("/");
                    read.add(matcher(arguments[0], parts[0], parts[1]));
                }
                rules = read;
                System.out.println("ok");
            } catch (RuntimeException error) {
                System.out.println("refused: " + error);
            }
        }
    }
}
