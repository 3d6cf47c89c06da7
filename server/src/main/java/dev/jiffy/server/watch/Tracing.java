package dev.jiffy.server.watch;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.protocol.TraceSettings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Which requests are traced: what is said of all models, and what is said of some of them and goes
/// before it. Shared between threads.
///
/// Whether a request is traced is decided when it has ended. Where its caller has decided, that
/// counts; of the others one in so many is traced. A number of traces may be named, after which
/// none is made.
///
/// Source: Triton's extension `trace`.
public final class Tracing {
  private static final String OFF = "OFF";
  private static final String ON = "TIMESTAMPS";
  private static final String RATE = "trace_rate";
  private static final String COUNT = "trace_count";

  /// What is always so, as spans go to a collector when their request has ended.
  private static final Map<String, String> FIXED = fixed();

  private final boolean isPossible;
  private final Choice start;
  private final Map<String, Choice> byModel = new ConcurrentHashMap<>();
  private volatile Choice all;
  private volatile boolean isOn;

  /// What is said; null where nothing is.
  private record Choice(@Nullable Boolean isOn, @Nullable Rate rate, @Nullable AtomicLong left) {
    static final Choice NOTHING = new Choice(null, null, null);

    boolean isNothing() {
      return isOn == null && rate == null && left == null;
    }

    /// {@return this, and of what it says nothing the other}
    Choice or(Choice other) {
      return new Choice(
          isOn == null ? other.isOn : isOn,
          rate == null ? other.rate : rate,
          left == null ? other.left : left);
    }
  }

  /// One request in so many.
  ///
  /// @param every in how many, at least 1, or 0 for none; not always whole
  /// @param seen how many there were
  private record Rate(double every, AtomicLong seen) {
    static Rate of(double every) {
      return new Rate(every, new AtomicLong());
    }

    boolean takes() {
      long now = seen.incrementAndGet();
      return every > 0 && Math.floor(now / every) > Math.floor((now - 1) / every);
    }

    String text() {
      return every == Math.rint(every) ? Long.toString((long) every) : Double.toString(every);
    }
  }

  private Tracing(boolean isPossible, double every) {
    this.isPossible = isPossible;
    this.start = new Choice(isPossible, Rate.of(every), new AtomicLong(-1));
    this.all = start;
    this.isOn = isPossible;
  }

  private static Map<String, String> fixed() {
    Map<String, String> fixed = new LinkedHashMap<>();
    fixed.put("trace_file", "");
    fixed.put("log_frequency", "0");
    fixed.put("trace_mode", "opentelemetry");
    return fixed;
  }

  /// {@return no traces at all, as nobody takes them}
  public static Tracing none() {
    return new Tracing(false, 1);
  }

  /// {@return traces of a part of all requests}
  ///
  /// @param part the part, 0 to 1, of the requests whose callers have not decided
  public static Tracing of(double part) {
    return new Tracing(true, part == 0 ? 0 : 1 / part);
  }

  /// {@return whether any request may be traced now}
  public boolean isOn() {
    return isOn;
  }

  /// {@return whether a request is traced; asked once for each}
  ///
  /// @param account what became of it
  public boolean takes(Account account) {
    if (!isOn) {
      return false;
    }
    Account.Target model = account.model();
    Choice choice = model == null ? all : choice(model.name());
    TraceContext trace = account.trace();
    boolean isWanted =
        Boolean.TRUE.equals(choice.isOn)
            && (trace == null ? choice.rate == null || choice.rate.takes() : trace.isSampled());
    return isWanted && (choice.left == null || take(choice.left));
  }

  private static boolean take(AtomicLong left) {
    return left.getAndUpdate(count -> count > 0 ? count - 1 : count) != 0;
  }

  private Choice choice(String model) {
    Choice own = byModel.get(model);
    return own == null ? all : own.or(all);
  }

  /// {@return what is so now}
  ///
  /// @param model a model's name, empty for what is said of all
  public TraceSettings settings(String model) {
    Choice choice = choice(model);
    Map<String, List<String>> values = new LinkedHashMap<>();
    values.put(TraceSettings.LEVEL, List.of(Boolean.TRUE.equals(choice.isOn) ? ON : OFF));
    values.put(RATE, List.of(choice.rate == null ? "" : choice.rate.text()));
    values.put(COUNT, List.of(choice.left == null ? "" : choice.left.toString()));
    FIXED.forEach((name, value) -> values.put(name, List.of(value)));
    return new TraceSettings(model, values);
  }

  /// Changes what is said of all models or of one: of one, what is no longer said is what is said
  /// of all; of all, what was said at the start.
  ///
  /// @param change the changes
  /// @throws ProtocolException if a setting is not known, has no such value, or cannot be changed;
  ///   nothing is changed then
  public synchronized void change(TraceSettings change) {
    String model = change.model();
    Choice old = model.isEmpty() ? all : byModel.getOrDefault(model, Choice.NOTHING);
    Choice next = old;
    for (Map.Entry<String, List<String>> setting : change.values().entrySet()) {
      next = changed(next, setting.getKey(), setting.getValue());
    }
    if (model.isEmpty()) {
      all = next.or(start);
    } else if (next.isNothing()) {
      byModel.remove(model);
    } else {
      byModel.put(model, next);
    }
    isOn =
        Boolean.TRUE.equals(all.isOn)
            || byModel.values().stream().anyMatch(choice -> Boolean.TRUE.equals(choice.isOn));
  }

  private Choice changed(Choice old, String name, List<String> values) {
    return switch (name) {
      case TraceSettings.LEVEL ->
          new Choice(values.isEmpty() ? null : level(values), old.rate, old.left);
      case RATE ->
          new Choice(
              old.isOn,
              values.isEmpty() ? null : Rate.of((double) whole(name, values, 0)),
              old.left);
      case COUNT ->
          new Choice(
              old.isOn,
              old.rate,
              values.isEmpty() ? null : new AtomicLong(whole(name, values, -1)));
      default -> {
        String value = FIXED.get(name);
        if (value == null) {
          throw new ProtocolException(
              400,
              "there is no setting '%s' of traces".formatted(ProtocolException.shortened(name)));
        }
        if (!values.isEmpty() && !values.equals(List.of(value))) {
          throw new ProtocolException(
              501,
              "'%s' cannot be changed: each trace goes to the collector when its request has ended"
                  .formatted(name));
        }
        yield old;
      }
    };
  }

  private boolean level(List<String> values) {
    if (values.contains("TENSORS")) {
      throw new ProtocolException(501, "'trace_level': elements of tensors are not traced");
    }
    boolean isOff = values.equals(List.of(OFF));
    if (!isOff && values.stream().anyMatch(value -> !value.equals(ON))) {
      throw new ProtocolException(
          400,
          "'trace_level' must be OFF or TIMESTAMPS, got "
              + ProtocolException.shortened(values.toString()));
    }
    if (!isOff && !isPossible) {
      throw new ProtocolException(
          501, "'trace_level': the server was started without a collector of traces");
    }
    return !isOff;
  }

  private static long whole(String name, List<String> values, long least) {
    try {
      long value = values.size() == 1 ? Long.parseLong(values.getFirst()) : Long.MIN_VALUE;
      if (value >= least) {
        return value;
      }
    } catch (NumberFormatException _) {
      // told below
    }
    throw new ProtocolException(
        400,
        "'%s' must be an integer of at least %d, got %s"
            .formatted(name, least, ProtocolException.shortened(String.join(", ", values))));
  }
}
