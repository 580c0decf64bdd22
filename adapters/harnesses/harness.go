// A harness in Go: it lets fencepost judge an implementation, one line of JSON in, one line out.
//
//	go build -o harness harness.go && fencepost check stdio:./harness
//
// Replace the four functions at the top by calls into your implementation, and leave the rest as it is. What they
// panic with becomes a JSON-RPC error, which the kit reports as a broken harness and not as a failed clause.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"strings"
)

type object = map[string]any

type networkAcls struct {
	DefaultAction string
	IpRules       []struct{ Value string }
}

type request struct {
	Plane  string
	Source struct{ Address, Subnet string }
	Caller struct{ Service string }
}

// --- The four functions to fill in: here a small vault that knows IP rules and the default action -------------------

var (
	isOpen bool
	ranges []netip.Prefix
)

func describe() object {
	return object{"protocol": 1, "name": "vault in Go", "version": "1.0", "profile": "keyvault",
		"features": []string{"ip-rules-only", "decisions-only"}}
}

func reset() object {
	isOpen, ranges = true, nil
	return object{}
}

func putRules(acls networkAcls) object {
	read := []netip.Prefix{}
	for _, rule := range acls.IpRules {
		text := rule.Value
		if !strings.Contains(text, "/") {
			text += "/32"
		}
		one, err := netip.ParsePrefix(text)
		if err != nil {
			return object{"accepted": false, "message": err.Error()}
		}
		read = append(read, one)
	}
	isOpen, ranges = acls.DefaultAction != "Deny", read
	return object{"accepted": true}
}

func decide(asked request) string {
	address := netip.MustParseAddr(asked.Source.Address)
	if isOpen || asked.Plane == "control" {
		return "allow"
	}
	for _, one := range ranges {
		if one.Contains(address) {
			return "allow"
		}
	}
	return "deny"
}

// --- The contract's loop --------------------------------------------------------------------------------------------

func result(method string, params json.RawMessage) (any, bool) {
	var given struct {
		NetworkAcls networkAcls
		Requests    []request
	}
	if len(params) > 0 {
		if err := json.Unmarshal(params, &given); err != nil {
			panic(err)
		}
	}
	switch method {
	case "describe":
		return describe(), true
	case "reset":
		return reset(), true
	case "putRules":
		return putRules(given.NetworkAcls), true
	case "decide":
		decisions := make([]string, len(given.Requests))
		for place, one := range given.Requests {
			decisions[place] = decide(one)
		}
		return object{"decisions": decisions}, true
	case "shutdown":
		return object{}, true
	}
	return nil, false
}

func answer(line []byte) (made object) {
	var call struct {
		Id     json.RawMessage
		Method string
		Params json.RawMessage
	}
	made = object{"jsonrpc": "2.0", "id": nil}
	if err := json.Unmarshal(line, &call); err != nil {
		made["error"] = object{"code": -32700, "message": err.Error()}
		return made
	}
	made["id"] = call.Id
	defer func() {
		if why := recover(); why != nil {
			made["error"] = object{"code": -32000, "message": fmt.Sprint(why)}
		}
	}()
	if found, known := result(call.Method, call.Params); known {
		made["result"] = found
	} else {
		made["error"] = object{"code": -32601, "message": "no method " + call.Method}
	}
	return made
}

func main() {
	lines, out := bufio.NewReaderSize(os.Stdin, 1<<16), json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		if out.Encode(answer(line)) != nil {
			return
		}
	}
}
