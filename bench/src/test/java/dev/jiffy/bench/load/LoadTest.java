package dev.jiffy.bench.load;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.jiffy.bench.record.Recording;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LoadTest {
  private static final int REQUESTS = 50;

  @Test
  void repeatedRunsAskOtherThings() {
    SimulatedSubject subject = new SimulatedSubject("any", 1, new ServiceTime.Fixed(1000));
    Extent extent = Extent.requests(REQUESTS);
    Plan plan =
        new Plan(new Arrivals.Closed(1, 1), extent, new Order(1000, false, 7), 1, 60_000_000_000L);
    Load.Settings settings =
        new Load.Settings(Scenario.CLOSED, plan, null, false, extent, List.of(), 2, 0);
    List<Run> runs = Load.run(subject, settings, line -> {}, issued -> {}).main().runs();
    int[] first = samples(runs.get(0).recording());
    int[] second = samples(runs.get(1).recording());
    assertArrayEquals(samples(subject.run(plan, issued -> {})), first);
    assertFalse(Arrays.equals(first, second));
    assertFalse(
        Arrays.equals(Arrays.copyOfRange(first, 1, REQUESTS), Arrays.copyOf(second, REQUESTS - 1)),
        "the same, shifted by one");
  }

  private static int[] samples(Recording recording) {
    return IntStream.range(0, REQUESTS).map(recording::sample).toArray();
  }
}
