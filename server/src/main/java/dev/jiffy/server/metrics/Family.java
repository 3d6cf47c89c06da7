package dev.jiffy.server.metrics;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// All samples of one metric at some moment.
///
/// @param name the name, without the endings that a form of exposition adds
/// @param help what it tells, one sentence
/// @param kind how it behaves over time
/// @param unit the unit of its values
/// @param samples a value for each combination of labels
public record Family(String name, String help, Kind kind, Unit unit, List<Sample> samples) {
  /// How a metric behaves over time.
  public enum Kind {
    /// It only grows, save for restarts.
    COUNTER,
    /// It goes up and down.
    GAUGE,
    /// It counts values by ranges.
    HISTOGRAM,
    /// It only grows, and bears exactly the name that it has, whatever a form adds to counters.
    PLAIN_COUNTER
  }

  /// Checks the samples.
  public Family {
    for (Sample sample : samples) {
      boolean isSpread =
          switch (sample) {
            case Sample.Count _ -> false;
            case Sample.Spread _ -> true;
          };
      if (isSpread != (kind == Kind.HISTOGRAM)) {
        throw new IllegalArgumentException(name + ": a " + kind + " of " + sample);
      }
    }
  }

  /// What a metric is told in, and how its numbers are counted.
  public enum Unit {
    /// A plain number.
    NONE("1", 1),
    /// Bytes.
    BYTES("By", 1),
    /// Nanoseconds, told in seconds.
    SECONDS("s", 1e9),
    /// Nanoseconds, told in microseconds.
    MICROSECONDS("us", 1e3);

    private final String symbol;
    private final double counted;

    Unit(String symbol, double counted) {
      this.symbol = symbol;
      this.counted = counted;
    }

    /// {@return the unit's symbol in the Unified Code for Units of Measure}
    public String symbol() {
      return symbol;
    }

    /// {@return a number in this unit}
    ///
    /// @param number the number as it was counted
    public double of(long number) {
      return (double) number / counted; // not times the inverse, which is no binary fraction
    }
  }

  /// A label.
  ///
  /// @param name the name
  /// @param value the value
  public record Label(String name, String value) {}

  /// What was found for one combination of labels.
  public sealed interface Sample {
    /// Since the process began.
    long EVER = 0;

    /// {@return the labels}
    List<Label> labels();

    /// {@return since when it was counted, in nanoseconds since 1970, or [#EVER]}
    long sinceNanos();

    /// {@return the same, counted since some moment}
    ///
    /// @param nanos the moment, in nanoseconds since 1970
    Sample since(long nanos);

    /// A number.
    ///
    /// @param labels the labels
    /// @param value the number, as it was counted
    /// @param sinceNanos since when it was counted, in nanoseconds since 1970, or [#EVER]
    record Count(List<Label> labels, long value, long sinceNanos) implements Sample {
      /// A number that was counted since the process began.
      ///
      /// @param labels the labels
      /// @param value the number, as it was counted
      public Count(List<Label> labels, long value) {
        this(labels, value, EVER);
      }

      @Override
      public Count since(long nanos) {
        return new Count(labels, value, nanos);
      }
    }

    /// Numbers by ranges.
    ///
    /// @param labels the labels
    /// @param distribution the numbers, as they were counted
    /// @param sinceNanos since when they were counted, in nanoseconds since 1970, or [#EVER]
    record Spread(List<Label> labels, Distribution distribution, long sinceNanos)
        implements Sample {
      /// Numbers that were counted since the process began.
      ///
      /// @param labels the labels
      /// @param distribution the numbers, as they were counted
      public Spread(List<Label> labels, Distribution distribution) {
        this(labels, distribution, EVER);
      }

      @Override
      public Spread since(long nanos) {
        return new Spread(labels, distribution, nanos);
      }
    }
  }

  /// {@return a moment in nanoseconds since 1970, as samples have it}
  ///
  /// @param moment the moment
  public static long nanos(Instant moment) {
    return TimeUnit.SECONDS.toNanos(moment.getEpochSecond()) + moment.getNano();
  }

  /// {@return labels of names and values by turns}
  ///
  /// @param namesAndValues a name, its value, the next name, …
  public static List<Label> labels(String... namesAndValues) {
    List<Label> labels = new ArrayList<>(namesAndValues.length / 2);
    for (int i = 0; i < namesAndValues.length; i += 2) {
      labels.add(new Label(namesAndValues[i], namesAndValues[i + 1]));
    }
    return List.copyOf(labels);
  }
}
