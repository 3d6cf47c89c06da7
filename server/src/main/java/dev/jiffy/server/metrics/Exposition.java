package dev.jiffy.server.metrics;

import dev.jiffy.server.metrics.Family.Label;
import dev.jiffy.server.metrics.Family.Sample;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Exemplars;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot.UnknownDataPointSnapshot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// Metrics in the text form of Prometheus, or of OpenMetrics where a scraper asks for it: the
/// families that are supplied, and what Micrometer knows of the JVM and the process. Shared between
/// threads.
public final class Exposition implements AutoCloseable {
  /// The media type of the text form of Prometheus.
  public static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

  /// The media type of OpenMetrics.
  public static final String OPEN_METRICS =
      "application/openmetrics-text; version=1.0.0; charset=utf-8";

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics garbage = new JvmGcMetrics();

  /// Metrics, from now on.
  ///
  /// @param families what is counted, read whenever somebody asks
  public Exposition(Supplier<List<Family>> families) {
    List<MeterBinder> binders =
        List.of(
            new JvmMemoryMetrics(),
            new JvmThreadMetrics(),
            new ClassLoaderMetrics(),
            new ProcessorMetrics(),
            new FileDescriptorMetrics(),
            new UptimeMetrics(),
            garbage);
    binders.forEach(binder -> binder.bindTo(registry));
    registry.getPrometheusRegistry().register((MultiCollector) () -> snapshots(families.get()));
  }

  /// {@return the media type of an answer}
  ///
  /// @param accept what the scraper accepts, null if it does not say
  public static String type(@Nullable String accept) {
    return accept != null && accept.contains("application/openmetrics-text") ? OPEN_METRICS : TEXT;
  }

  /// {@return all metrics as they are now, UTF-8}
  ///
  /// @param type one of the two media types
  public byte[] text(String type) {
    ByteArrayOutputStream text = new ByteArrayOutputStream(16 << 10);
    try {
      registry.scrape(text, type);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toByteArray();
  }

  private static MetricSnapshots snapshots(List<Family> families) {
    return new MetricSnapshots(families.stream().map(Exposition::snapshot).toList());
  }

  private static MetricSnapshot snapshot(Family family) {
    MetricMetadata metadata = new MetricMetadata(family.name(), family.help());
    Family.Unit unit = family.unit();
    ToDoubleFunction<Sample> number = sample -> unit.of(((Sample.Count) sample).value());
    List<Sample> samples = family.samples();
    return switch (family.kind()) {
      case COUNTER ->
          new CounterSnapshot(
              metadata,
              samples.stream()
                  .map(each ->
                      new CounterDataPointSnapshot(
                          number.applyAsDouble(each), labels(each), null, 0))
                  .toList());
      case GAUGE ->
          new GaugeSnapshot(
              metadata,
              samples.stream()
                  .map(each ->
                      new GaugeDataPointSnapshot(number.applyAsDouble(each), labels(each), null))
                  .toList());
      case PLAIN_COUNTER ->
          new UnknownSnapshot(
              metadata,
              samples.stream()
                  .map(each ->
                      new UnknownDataPointSnapshot(number.applyAsDouble(each), labels(each), null))
                  .toList());
      case HISTOGRAM ->
          new HistogramSnapshot(
              metadata, samples.stream().map(each -> histogram(each, unit)).toList());
    };
  }

  private static HistogramDataPointSnapshot histogram(Sample sample, Family.Unit unit) {
    Distribution distribution = ((Sample.Spread) sample).distribution();
    double[] bounds = new double[distribution.bounds().length + 1];
    for (int i = 0; i < distribution.bounds().length; i++) {
      bounds[i] = unit.of(distribution.bounds()[i]);
    }
    bounds[bounds.length - 1] = Double.POSITIVE_INFINITY;
    return new HistogramDataPointSnapshot(
        ClassicHistogramBuckets.of(bounds, distribution.counts()),
        unit.of(distribution.sum()),
        labels(sample),
        Exemplars.EMPTY,
        0);
  }

  private static Labels labels(Sample sample) {
    List<Label> labels = sample.labels();
    return Labels.of(
        labels.stream().map(Label::name).toList(), labels.stream().map(Label::value).toList());
  }

  @Override
  public void close() {
    garbage.close();
    registry.close();
  }
}
