package main

import (
	"net"

	"github.com/yl2chen/cidranger"
)

// held by cidranger's path-compressed trie.
func held(ranges []string) (func(string) bool, error) {
	trie := cidranger.NewPCTrieRanger()
	for _, text := range ranges {
		_, network, err := net.ParseCIDR(text)
		if err != nil {
			return nil, err
		}
		if err := trie.Insert(cidranger.NewBasicRangerEntry(*network)); err != nil {
			return nil, err
		}
	}
	return func(text string) bool {
		found, err := trie.Contains(net.ParseIP(text))
		if err != nil {
			panic(err)
		}
		return found
	}, nil
}
