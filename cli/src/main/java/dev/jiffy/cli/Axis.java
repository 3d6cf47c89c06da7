package dev.jiffy.cli;

import dev.jiffy.bench.record.Slo;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.DoubleUnaryOperator;

/// An axis of a plot: which value is where, and where to write numbers.
///
/// @param begin the begin's position
/// @param end the end's position
/// @param least the value at the begin
/// @param most the value at the end
/// @param form what is even along the axis: the value itself, or its logarithm
/// @param ticks the values to write
/// @param label writes a value
record Axis(
    double begin,
    double end,
    double least,
    double most,
    DoubleUnaryOperator form,
    List<Double> ticks,
    DoubleFunction<String> label) {
  private static final int STEPS = 5;

  /// {@return an axis from 0 to a value}
  ///
  /// @param begin the begin's position
  /// @param end the end's position
  /// @param most the largest value
  /// @param label writes a value
  static Axis linear(double begin, double end, double most, DoubleFunction<String> label) {
    double top = Math.max(most, 1e-9);
    double raw = top / STEPS;
    double unit = Math.pow(10, Math.floor(Math.log10(raw)));
    double step = raw / unit > 5 ? 10 * unit : raw / unit > 2 ? 5 * unit : 2 * unit;
    List<Double> ticks = new ArrayList<>();
    for (int i = 0; i * step <= top * 1.0001; i++) {
      ticks.add(i * step);
    }
    return new Axis(begin, end, 0, top, value -> value, ticks, label);
  }

  /// {@return a logarithmic axis over a range, with a tick at 1, 2 and 5 of each power of ten, or
  /// at powers only where those are many}
  ///
  /// @param begin the begin's position
  /// @param end the end's position
  /// @param least the smallest value, above 0
  /// @param most the largest value
  /// @param label writes a value
  static Axis logarithmic(
      double begin, double end, double least, double most, DoubleFunction<String> label) {
    double low = Math.max(least, 1e-9);
    double high = Math.max(most, low * 2);
    double decades = Math.log10(high / low);
    double[] digits = decades > 3 ? new double[] {1} : new double[] {1, 2, 5};
    List<Double> ticks = new ArrayList<>();
    for (double power = Math.pow(10, Math.floor(Math.log10(low))); power <= high; power *= 10) {
      for (double digit : digits) {
        double tick = digit * power;
        if (tick >= low * 0.999 && tick <= high * 1.001) {
          ticks.add(tick);
        }
      }
    }
    return new Axis(begin, end, low, high, Math::log, ticks, label);
  }

  /// {@return an axis of percentiles, on which each further nine takes the same room}
  ///
  /// @param begin the begin's position
  /// @param end the end's position
  /// @param most the largest percentile as a part, below 1
  static Axis percentiles(double begin, double end, double most) {
    List<Double> ticks =
        List.of(0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999).stream()
            .filter(tick -> tick <= most)
            .toList();
    return new Axis(
        begin, end, 0, most, p -> -Math.log(1 - p), ticks, p -> p == 0 ? "0" : Slo.percentile(p));
  }

  /// {@return where a value is}
  double at(double value) {
    double from = form.applyAsDouble(least);
    double to = form.applyAsDouble(most);
    double part = (form.applyAsDouble(Math.clamp(value, least, most)) - from) / (to - from);
    return begin + part * (end - begin);
  }
}
