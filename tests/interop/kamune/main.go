// Command peer is one side of a Kamune 0.7 session, driven by a test: it
// reads commands and tells what happens, one JSON object per line.
//
//	peer listen --over tcp --address 127.0.0.1:0 --seed HEX
//	peer dial   --over relay-ws --address HOST:PORT --token HEX --seed HEX
//	peer relay  --tcp 127.0.0.1:0 --ws 127.0.0.1:0
//	peer bench  --over tcp
//
// The byte transports (framing, KCP, the relay's client), the HPKE channel and
// its cryptography are those of the published Go modules; what is above them
// is our own, since no published module speaks 0.7.
package main

import (
	"bufio"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
)

// happened is what this program tells.
type happened struct {
	Event    string `json:"event"`
	Address  string `json:"address,omitempty"`
	Token    string `json:"token,omitempty"`
	Seconds  uint64 `json:"seconds,omitempty"`
	Session  string `json:"session,omitempty"`
	Name     string `json:"name,omitempty"`
	Public   string `json:"public_key,omitempty"`
	Route    uint64 `json:"route,omitempty"`
	Sequence uint64 `json:"sequence,omitempty"`
	Data     []byte `json:"data,omitempty"`
	Count    uint64 `json:"count,omitempty"`
	Hash     string `json:"sha256,omitempty"`
	Text     string `json:"text,omitempty"`
}

// tongue is where it tells, for any number of threads.
type tongue struct {
	lock sync.Mutex
	out  *json.Encoder
}

func (t *tongue) tell(what happened) {
	t.lock.Lock()
	defer t.lock.Unlock()
	// Nobody is left to hear of a failure.
	_ = t.out.Encode(what)
}

func (t *tongue) fail(during string, err error) {
	t.tell(happened{Event: "error", Name: during, Text: err.Error()})
}

func main() {
	// What the libraries log is for people, and never on standard output.
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "peer: listen, dial, relay or bench?")
		os.Exit(2)
	}
	var err error
	switch os.Args[1] {
	case "listen", "dial":
		err = play(os.Args[1], os.Args[2:])
	case "relay":
		err = pass(os.Args[2:])
	case "bench":
		err = bench(os.Args[2:])
	default:
		err = fmt.Errorf("no command %q", os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

// play is one side of a session, or of one after another.
func play(role string, arguments []string) error {
	var w way
	var me person
	var seed string
	flags := flag.NewFlagSet(role, flag.ExitOnError)
	flags.StringVar(&w.over, "over", "tcp", ways)
	flags.StringVar(&w.address, "address", "127.0.0.1:0", "where to listen or dial, or the relay")
	flags.StringVar(&w.token, "token", "", "token at the relay, in hex")
	flags.StringVar(&w.password, "password", "", "password of the relay")
	flags.StringVar(&seed, "seed", "", "32 bytes in hex that make the identity")
	flags.StringVar(&me.name, "name", "gopher", "name that others see")
	flags.StringVar(&me.version, "version", "0.7.0", "version that others see")
	refuse := flags.Bool("refuse", false, "refuse every identity")
	flags.BoolVar(&me.bump, "bump", false, "pad to larger buckets at random")
	quiet := flags.Bool("quiet", false, "count messages, do not tell them")
	_ = flags.Parse(arguments)
	bytes, err := hex.DecodeString(seed)
	if err != nil || len(bytes) != ed25519.SeedSize {
		return errors.New("--seed is 64 hexadecimal digits")
	}
	me.secret, me.accept = ed25519.NewKeyFromSeed(bytes), !*refuse
	told := &tongue{out: json.NewEncoder(os.Stdout)}
	talks := &talks{told: told, quiet: *quiet}
	if role == "dial" {
		go talks.dial(&w, &me)
	} else {
		go talks.listen(&w, &me)
	}
	// Whoever started us ends us by closing our input.
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var asked command
		if err := json.Unmarshal(line, &asked); err != nil {
			return fmt.Errorf("no command: %w", err)
		}
		if err := talks.act(&asked); err != nil {
			told.fail(asked.Do, err)
		}
	}
}
