package main

import "net/netip"

// held by Go's net/netip.
func held(ranges []string) (func(string) bool, error) {
	prefixes := []netip.Prefix{}
	for _, text := range ranges {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		prefixes = append(prefixes, prefix)
	}
	return func(text string) bool {
		address := netip.MustParseAddr(text)
		for _, prefix := range prefixes {
			if prefix.Contains(address) {
				return true
			}
		}
		return false
	}, nil
}
