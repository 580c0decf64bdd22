// match reads lines and answers each with a line: "rules RANGE …" with "ok" or "refused: …", "ask ADDRESS" with "yes" or
// "no". The function `held` of the file that it is built with matches; it is given every range with its length.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

func main() {
	contains := func(string) bool { return false }
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if words[0] == "ask" {
			fmt.Println(map[bool]string{true: "yes", false: "no"}[contains(words[1])])
			continue
		}
		ranges := words[1:]
		for place, text := range ranges {
			if !strings.Contains(text, "/") {
				ranges[place] = text + "/32"
			}
		}
		if new, err := held(ranges); err != nil {
			fmt.Println("refused:", err)
		} else {
			contains = new
			fmt.Println("ok")
		}
	}
}
