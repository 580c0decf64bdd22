// match_cidranger matches addresses by cidranger: it reads "rules RANGE …" and "ask ADDRESS" lines and answers each.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/yl2chen/cidranger"
)

func read(words []string) (cidranger.Ranger, error) {
	ranges := cidranger.NewPCTrieRanger()
	for _, word := range words {
		if !strings.Contains(word, "/") {
			word += "/32"
		}
		_, network, err := net.ParseCIDR(word)
		if err != nil {
			return nil, err
		}
		if err := ranges.Insert(cidranger.NewBasicRangerEntry(*network)); err != nil {
			return nil, err
		}
	}
	return ranges, nil
}

func main() {
	ranges := cidranger.NewPCTrieRanger()
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
		if held, err := ranges.Contains(net.ParseIP(words[1])); err != nil {
			fmt.Println("error:", err)
		} else {
			fmt.Println(map[bool]string{true: "yes", false: "no"}[held])
		}
	}
}
