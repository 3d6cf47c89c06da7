package dev.jiffy.server.telemetry;

import dev.jiffy.server.metrics.Distribution;
import dev.jiffy.server.metrics.Family;
import dev.jiffy.server.metrics.Family.Label;
import dev.jiffy.server.metrics.Family.Sample;
import dev.jiffy.server.metrics.Family.Unit;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.data.Data;
import io.opentelemetry.sdk.metrics.data.DoublePointData;
import io.opentelemetry.sdk.metrics.data.GaugeData;
import io.opentelemetry.sdk.metrics.data.HistogramData;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.data.MetricDataType;
import io.opentelemetry.sdk.metrics.data.SumData;
import io.opentelemetry.sdk.metrics.export.MetricProducer;
import io.opentelemetry.sdk.resources.Resource;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;

/// Families in OpenTelemetry's form: sums and distributions since the start, or since their model
/// was loaded.
final class FamilyProducer implements MetricProducer {
  private static final InstrumentationScopeInfo SCOPE =
      InstrumentationScopeInfo.create("dev.jiffy.server");

  private final Supplier<List<Family>> families;
  private final long startNanos = Family.nanos(Instant.now());

  FamilyProducer(Supplier<List<Family>> families) {
    this.families = families;
  }

  /// A family as the exporter wants it.
  private record Exported(Resource resource, Family family, MetricDataType type, Data<?> points)
      implements MetricData {
    @Override
    public Resource getResource() {
      return resource;
    }

    @Override
    public InstrumentationScopeInfo getInstrumentationScopeInfo() {
      return SCOPE;
    }

    @Override
    public String getName() {
      return family.name();
    }

    @Override
    public String getDescription() {
      return family.help();
    }

    @Override
    public String getUnit() {
      return family.unit().symbol();
    }

    @Override
    public MetricDataType getType() {
      return type;
    }

    @Override
    public Data<?> getData() {
      return points;
    }
  }

  @Override
  public Collection<MetricData> produce(Resource resource) {
    long now = Family.nanos(Instant.now());
    List<MetricData> all = new ArrayList<>();
    for (Family family : families.get()) {
      if (!family.samples().isEmpty()) {
        all.add(exported(resource, family, now));
      }
    }
    return all;
  }

  private MetricData exported(Resource resource, Family family, long now) {
    return switch (family.kind()) {
      case COUNTER, PLAIN_COUNTER ->
          new Exported(
              resource,
              family,
              MetricDataType.DOUBLE_SUM,
              SumData.createDoubleSumData(
                  true, AggregationTemporality.CUMULATIVE, numbers(family, now)));
      case GAUGE ->
          new Exported(
              resource,
              family,
              MetricDataType.DOUBLE_GAUGE,
              GaugeData.createDoubleGaugeData(numbers(family, now)));
      case HISTOGRAM ->
          new Exported(
              resource,
              family,
              MetricDataType.HISTOGRAM,
              HistogramData.create(AggregationTemporality.CUMULATIVE, spreads(family, now)));
    };
  }

  private List<DoublePointData> numbers(Family family, long now) {
    List<DoublePointData> points = new ArrayList<>();
    for (Sample sample : family.samples()) {
      if (sample instanceof Sample.Count(List<Label> labels, long value, long since)) {
        double told = family.unit().of(value);
        points.add(DoublePointData.create(start(since), now, attributes(labels), told, List.of()));
      }
    }
    return points;
  }

  private List<HistogramPointData> spreads(Family family, long now) {
    Unit unit = family.unit();
    List<HistogramPointData> points = new ArrayList<>();
    for (Sample sample : family.samples()) {
      if (sample
          instanceof Sample.Spread(List<Label> labels, Distribution distribution, long since)) {
        List<Double> bounds = new ArrayList<>();
        for (long bound : distribution.bounds()) {
          bounds.add(unit.of(bound));
        }
        List<Long> counts = new ArrayList<>();
        for (long count : distribution.counts()) {
          counts.add(count);
        }
        points.add(
            HistogramPointData.create(
                start(since),
                now,
                attributes(labels),
                unit.of(distribution.sum()),
                false,
                0,
                false,
                0,
                bounds,
                counts));
      }
    }
    return points;
  }

  /// {@return when counting began: a sum that falls back to 0 begins anew}
  private long start(long since) {
    return since == Sample.EVER ? startNanos : since;
  }

  private static Attributes attributes(List<Label> labels) {
    AttributesBuilder attributes = Attributes.builder();
    labels.forEach(label -> attributes.put(label.name(), label.value()));
    return attributes.build();
  }
}
