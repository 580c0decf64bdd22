// acl reads "rules RANGE RANGE …" and "ask ADDRESS" lines, and answers each with one line.
package main

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"strings"
)

func main() {
	var ranges []netip.Prefix
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		switch {
		case len(words) > 0 && words[0] == "rules":
			read, err := parse(words[1:])
			if err != nil {
				fmt.Println("refused:", err)
				continue
			}
			ranges = read
			fmt.Println("ok", len(ranges))
		case len(words) == 2 && words[0] == "ask":
			fmt.Println(verdict(ranges, words[1]))
		default:
			fmt.Println("what?")
		}
	}
}

func parse(words []string) ([]netip.Prefix, error) {
	ranges := []netip.Prefix{}
	for _, word := range words {
		if !strings.Contains(word, "/") {
			word += "/32"
		}
		read, err := netip.ParsePrefix(word)
		if err != nil {
			return nil, err
		}
		ranges = append(ranges, read)
	}
	return ranges, nil
}

func verdict(ranges []netip.Prefix, word string) string {
	address, err := netip.ParseAddr(word)
	if err != nil {
		return "what?"
	}
	for _, one := range ranges {
		if one.Contains(address) {
			return "yes"
		}
	}
	return "no"
}
