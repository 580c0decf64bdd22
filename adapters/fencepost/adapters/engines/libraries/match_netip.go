// match_netip matches addresses by net/netip: it reads "rules RANGE …" and "ask ADDRESS" lines and answers each with one.
package main

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"strings"
)

func read(words []string) (ranges []netip.Prefix, err error) {
	for _, word := range words {
		if !strings.Contains(word, "/") {
			word += "/32"
		}
		one, err := netip.ParsePrefix(word)
		if err != nil {
			return nil, err
		}
		ranges = append(ranges, one)
	}
	return ranges, nil
}

func main() {
	var ranges []netip.Prefix
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if words[0] == "rules" {
			if new, err := read(words[1:]); err != nil {
				fmt.Println("refused:", err)
			} else {
				ranges = new
				fmt.Println("ok")
			}
			continue
		}
		address, answer := netip.MustParseAddr(words[1]), "no"
		for _, one := range ranges {
			if one.Contains(address) {
				answer = "yes"
			}
		}
		fmt.Println(answer)
	}
}
