package main

import (
	"crypto/ed25519"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/kamune-org/kamune"
)

// measured is one line of the benchmark.
type measured struct {
	Over    string  `json:"over"`
	What    string  `json:"what"`
	Count   int     `json:"count"`
	Seconds float64 `json:"seconds"`
	// CPU is the processor time of all of this process, in seconds.
	CPU  float64 `json:"cpu_seconds"`
	Rate float64 `json:"per_second"`
}

// meter says what passes from its start on.
type meter struct {
	started time.Time
	cpu     time.Duration
}

func start() meter { return meter{time.Now(), spent()} }

func (m meter) stop() (took, cpu time.Duration) {
	return time.Since(m.started), spent() - m.cpu
}

// spent is the processor time of this process, its threads and what the
// system did for them.
func spent() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // only of an argument that is wrong
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// bench measures both sides of sessions on loopback, in this one process.
func bench(arguments []string) error {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	over := flags.String("over", "tcp", "tcp or udp")
	seconds := flags.Float64("seconds", 3, "how long each measurement takes, at least")
	bump := flags.Bool("bump", false, "pad to larger buckets at random, as Kamune does")
	address := flags.String("address", "127.0.0.1:0", "where to listen")
	through := flags.String("through", "", "where to dial, if not there; then only bytes are measured")
	_ = flags.Parse(arguments)
	lasts := time.Duration(*seconds * float64(time.Second))
	out := json.NewEncoder(os.Stdout)
	tell := func(what string, count int, m meter) error {
		took, cpu := m.stop()
		rate := float64(count) / took.Seconds()
		return out.Encode(measured{*over, what, count, took.Seconds(), cpu.Seconds(), rate})
	}
	p, err := newPair(way{over: *over, address: *address}, *bump)
	if err != nil {
		return err
	}
	if *through != "" {
		p.way.address = *through
		one, other, err := p.meet()
		if err != nil {
			return err
		}
		return tellPour(tell, one, other, longSize, lasts)
	}
	count, m := 0, start()
	for time.Since(m.started) < lasts {
		one, other, err := p.meet()
		if err != nil {
			return err
		}
		count++
		_ = one.Close()
		_ = other.Close()
	}
	if err := tell("handshakes", count, m); err != nil {
		return err
	}
	one, other, err := p.meet()
	if err != nil {
		return err
	}
	count, m, err = roundTrips(one, other, lasts)
	if err != nil {
		return err
	}
	if err := tell("round trips of 1 KiB", count, m); err != nil {
		return err
	}
	for _, size := range []int{1024, longSize} {
		if err := tellPour(tell, one, other, size, lasts); err != nil {
			return err
		}
	}
	return nil
}

// longSize is the length of a long message, in bytes.
const longSize = 60_000

func tellPour(
	tell func(string, int, meter) error, one, other session, size int, lasts time.Duration,
) error {
	count, m, err := pour(one, other, size, lasts)
	if err != nil {
		return err
	}
	return tell(fmt.Sprintf("messages of %d bytes", size), count, m)
}

// pair is a listener and who dials it.
type pair struct {
	way   way
	conns chan kamune.Conn
	one   person
	other person
}

func newPair(w way, bump bool) (*pair, error) {
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

func roundTrips(one, other session, lasts time.Duration) (int, meter, error) {
	text := wrap(make([]byte, 1024))
	var count int
	m := start()
	for time.Since(m.started) < lasts {
		for _, way := range [][2]session{{one, other}, {other, one}} {
			if err := way[0].Send(routeText, text); err != nil {
				return 0, m, err
			}
			if _, _, _, err := way[1].Receive(); err != nil {
				return 0, m, err
			}
		}
		count++
	}
	return count, m, nil
}

// pour sends in one direction as fast as it goes; counted is what arrived.
func pour(one, other session, size int, lasts time.Duration) (int, meter, error) {
	text := wrap(make([]byte, size))
	m := start()
	sent := make(chan error, 1)
	go func() {
		for time.Since(m.started) < lasts {
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
			return 0, m, fmt.Errorf("after %d messages: %w", count, err)
		}
		if route == routePing {
			return count, m, <-sent
		}
	}
}
