package dev.jiffy.server.metrics;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/// What went over the connections: requests by how they were answered, bytes, and the connections
/// themselves. Shared between threads; counting neither allocates nor waits.
public final class Traffic {
  private static final int CODES = 600;

  /// What is spoken.
  public enum Protocol {
    /// HTTP/1.1 and HTTP/2, of which status codes tell how requests ended.
    HTTP,
    /// gRPC, with codes of its own.
    GRPC
  }

  /// What happens to a connection.
  public enum Event {
    /// It came.
    OPENED,
    /// It has gone.
    CLOSED,
    /// It was closed at once, as there were too many.
    TURNED_AWAY,
    /// It was closed as its client said too little.
    TIMED_OUT
  }

  /// The counts of one protocol.
  private static final class Counts {
    private final AtomicLongArray codes = new AtomicLongArray(CODES);
    private final LongAdder started = new LongAdder();
    private final LongAdder abandoned = new LongAdder();
    private final LongAdder received = new LongAdder();
    private final LongAdder sent = new LongAdder();
  }

  /// How many requests were answered with a code.
  ///
  /// @param code the protocol's code
  /// @param count how many
  public record Answers(int code, long count) {}

  private final Counts http = new Counts();
  private final Counts grpc = new Counts();
  private final Map<Event, LongAdder> events = new EnumMap<>(Event.class);

  /// Nothing so far.
  public Traffic() {
    for (Event event : Event.values()) {
      events.put(event, new LongAdder());
    }
  }

  private Counts of(Protocol protocol) {
    return switch (protocol) {
      case HTTP -> http;
      case GRPC -> grpc;
    };
  }

  /// The head of a request has come.
  ///
  /// @param protocol what it speaks
  public void started(Protocol protocol) {
    of(protocol).started.increment();
  }

  /// A request was answered, well or not.
  ///
  /// @param protocol what it speaks
  /// @param code the protocol's code
  /// @param received the bytes of its body
  /// @param sent the bytes of the answer's body
  public void answered(Protocol protocol, int code, long received, long sent) {
    Counts counts = of(protocol);
    counts.codes.getAndIncrement(code >= 0 && code < CODES ? code : 0);
    counts.received.add(received);
    counts.sent.add(sent);
  }

  /// The client of a request has gone before it was answered.
  ///
  /// @param protocol what it spoke
  /// @param received the bytes of its body that have come
  public void abandoned(Protocol protocol, long received) {
    Counts counts = of(protocol);
    counts.abandoned.increment();
    counts.received.add(received);
  }

  /// Something happened to a connection.
  ///
  /// @param event what
  public void connection(Event event) {
    adder(event).increment();
  }

  /// {@return how many requests have begun}
  ///
  /// @param protocol what they speak
  public long startedCount(Protocol protocol) {
    return of(protocol).started.sum();
  }

  /// {@return how many requests lost their client before they were answered}
  ///
  /// @param protocol what they spoke
  public long abandonedCount(Protocol protocol) {
    return of(protocol).abandoned.sum();
  }

  /// {@return how many requests were answered, by code}
  ///
  /// @param protocol what they speak
  public List<Answers> answers(Protocol protocol) {
    AtomicLongArray codes = of(protocol).codes;
    List<Answers> answers = new ArrayList<>();
    for (int code = 0; code < CODES; code++) {
      if (codes.get(code) > 0) {
        answers.add(new Answers(code, codes.get(code)));
      }
    }
    return answers;
  }

  /// {@return the bytes of bodies that have come}
  ///
  /// @param protocol in which
  public long receivedBytes(Protocol protocol) {
    return of(protocol).received.sum();
  }

  /// {@return the bytes of bodies that were sent}
  ///
  /// @param protocol in which
  public long sentBytes(Protocol protocol) {
    return of(protocol).sent.sum();
  }

  /// {@return how often something happened to a connection}
  ///
  /// @param event what
  public long count(Event event) {
    return adder(event).sum();
  }

  private LongAdder adder(Event event) {
    return Objects.requireNonNull(events.get(event));
  }

  /// {@return how many connections are open}
  public long openConnections() {
    return count(Event.OPENED) - count(Event.CLOSED);
  }
}
