package main

import (
	"crypto/ed25519"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/kamune-org/kamune"
)

// measured is one line of the benchmark.
type measured struct {
	Over    string  `json:"over"`
	What    string  `json:"what"`
	Count   int     `json:"count"`
	Seconds float64 `json:"seconds"`
	Rate    float64 `json:"per_second"`
}

// bench measures both sides of sessions on loopback, in this one process.
func bench(arguments []string) error {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	over := flags.String("over", "tcp", "tcp or udp")
	seconds := flags.Float64("seconds", 3, "how long each measurement takes, at least")
	bump := flags.Bool("bump", false, "pad to larger buckets at random, as Kamune does")
	_ = flags.Parse(arguments)
	lasts := time.Duration(*seconds * float64(time.Second))
	out := json.NewEncoder(os.Stdout)
	tell := func(what string, count int, took time.Duration) error {
		rate := float64(count) / took.Seconds()
		return out.Encode(measured{*over, what, count, took.Seconds(), rate})
	}
	p, err := newPair(*over, *bump)
	if err != nil {
		return err
	}
	count, started := 0, time.Now()
	for time.Since(started) < lasts {
		one, other, err := p.meet()
		if err != nil {
			return err
		}
		count++
		_ = one.Close()
		_ = other.Close()
	}
	if err := tell("handshakes", count, time.Since(started)); err != nil {
		return err
	}
	one, other, err := p.meet()
	if err != nil {
		return err
	}
	count, took, err := roundTrips(one, other, lasts)
	if err != nil {
		return err
	}
	if err := tell("round trips of 1 KiB", count, took); err != nil {
		return err
	}
	for _, size := range []int{1024, 60_000} {
		count, took, err := pour(one, other, size, lasts)
		if err != nil {
			return err
		}
		if err := tell(fmt.Sprintf("messages of %d bytes", size), count, took); err != nil {
			return err
		}
	}
	return nil
}

// pair is a listener and who dials it.
type pair struct {
	way   way
	conns chan kamune.Conn
	one   person
	other person
}

func newPair(over string, bump bool) (*pair, error) {
	w := way{over: over, address: "127.0.0.1:0"}
	l, where, err := w.listen()
	if err != nil {
		return nil, err
	}
	w.address = where.Address
	p := &pair{way: w, conns: make(chan kamune.Conn)}
	for i, who := range []*person{&p.one, &p.other} {
		seed := make([]byte, ed25519.SeedSize)
		seed[0] = byte(i)
		*who = person{name: "bench", version: "0.7.0", accept: true, bump: bump}
		who.secret = ed25519.NewKeyFromSeed(seed)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.conns <- conn
		}
	}()
	return p, nil
}

func (p *pair) meet() (dialled, served session, err error) {
	type ready struct {
		session session
		err     error
	}
	done := make(chan ready)
	go func() {
		s, err := serveSession(<-p.conns, &p.other)
		done <- ready{s, err}
	}()
	conn, err := p.way.dial()
	if err != nil {
		return nil, nil, err
	}
	dialled, err = dialSession(conn, &p.one)
	if err != nil {
		return nil, nil, err
	}
	other := <-done
	return dialled, other.session, other.err
}

func roundTrips(one, other session, lasts time.Duration) (int, time.Duration, error) {
	text := wrap(make([]byte, 1024))
	var count int
	started := time.Now()
	for time.Since(started) < lasts {
		for _, way := range [][2]session{{one, other}, {other, one}} {
			if err := way[0].Send(routeText, text); err != nil {
				return 0, 0, err
			}
			if _, _, _, err := way[1].Receive(); err != nil {
				return 0, 0, err
			}
		}
		count++
	}
	return count, time.Since(started), nil
}

// pour sends in one direction as fast as it goes; counted is what arrived.
func pour(one, other session, size int, lasts time.Duration) (int, time.Duration, error) {
	text := wrap(make([]byte, size))
	started := time.Now()
	sent := make(chan error, 1)
	go func() {
		for time.Since(started) < lasts {
			if err := one.Send(routeText, text); err != nil {
				sent <- err
				return
			}
		}
		sent <- one.Send(routePing, nil)
	}()
	for count := 0; ; count++ {
		route, _, _, err := other.Receive()
		if err != nil {
			return 0, 0, fmt.Errorf("after %d messages: %w", count, err)
		}
		if route == routePing {
			return count, time.Since(started), <-sent
		}
	}
}
