package dev.jiffy.server.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.server.metrics.Family;
import dev.jiffy.server.metrics.Family.Kind;
import dev.jiffy.server.metrics.Family.Sample;
import dev.jiffy.server.metrics.Family.Unit;
import dev.jiffy.server.metrics.Histogram;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.data.PointData;
import io.opentelemetry.sdk.resources.Resource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FamilyProducerTest {
  private static final long LOADED = Long.MAX_VALUE / 2;

  /// A reader of sums takes one that falls back to 0 for a mistake, unless it says that it began
  /// anew.
  @Test
  void whatIsCountedSinceALoadSaysSo() {
    List<Sample> counts = List.of(new Sample.Count(List.of(), 5));
    List<Sample> spreads =
        List.of(new Sample.Spread(List.of(), Histogram.ofDurations().snapshot()));
    List<Family> families = new ArrayList<>();
    for (long since : new long[] {Sample.EVER, LOADED}) {
      families.add(family(Kind.COUNTER, counts, since));
      families.add(family(Kind.HISTOGRAM, spreads, since));
    }
    List<Long> starts =
        new FamilyProducer(() -> families)
            .produce(Resource.empty()).stream()
                .map(MetricData::getData)
                .flatMap(data -> data.getPoints().stream())
                .map(PointData::getStartEpochNanos)
                .toList();
    assertEquals(starts.get(0), starts.get(1));
    assertTrue(starts.get(0) > 0 && starts.get(0) < LOADED, starts::toString);
    assertEquals(List.of(LOADED, LOADED), starts.subList(2, 4));
  }

  private static Family family(Kind kind, List<Sample> samples, long since) {
    return new Family(
        "name", "help", kind, Unit.NONE, samples.stream().map(each -> each.since(since)).toList());
  }
}
