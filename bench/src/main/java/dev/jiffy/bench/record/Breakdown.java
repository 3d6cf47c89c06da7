package dev.jiffy.bench.record;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Where the response time of the requests around a percentile goes: means over whole requests, not
/// percentiles of parts, so that the parts add up.
///
/// @param p the percentile as a part
/// @param requests how many requests around it are looked at
/// @param responseMs their mean response time
/// @param partsMs the mean time of each part, in the order in which they follow each other
/// @param gcMs the mean time of collections of garbage in this process between scheduled and
///   completed, which is in the parts
public record Breakdown(
    double p, int requests, double responseMs, Map<String, Double> partsMs, double gcMs) {
  /// Waiting until the limit of requests at a time lets a request start.
  public static final String ROOM = "wait for room";

  /// The generator's own lag.
  public static final String LAG = "generator lag";

  /// What no stage of the server covers: network, parsing, the client.
  public static final String REST = "network and rest";

  /// From the issue to the first byte of the answer, where the server tells of no stage.
  public static final String FIRST_BYTE = "to first byte";

  /// From the first byte of the answer to its end, where the server tells of no stage.
  public static final String RECEIVE = "receive";

  /// From the issue to the end, where nothing else is known.
  public static final String SERVICE = "service";

  /// Copies the map, which keeps its order.
  public Breakdown {
    partsMs = Collections.unmodifiableMap(new LinkedHashMap<>(partsMs));
  }

  /// {@return the breakdowns around percentiles; of no request answered, none}
  ///
  /// @param recording what happened; only requests that were answered are looked at
  /// @param events what happened beside
  /// @param percentiles the percentiles as parts
  public static List<Breakdown> of(Recording recording, List<Event> events, double... percentiles) {
    int[] byTime =
        IntStream.range(0, recording.size())
            .filter(recording::isOk)
            .boxed()
            .sorted(Comparator.comparingLong(recording::responseNanos))
            .mapToInt(Integer::intValue)
            .toArray();
    List<Breakdown> all = new ArrayList<>();
    for (double p : percentiles) {
      if (byTime.length > 0) {
        all.add(around(recording, events, byTime, p));
      }
    }
    return all;
  }

  private static Breakdown around(Recording recording, List<Event> events, int[] byTime, double p) {
    int n = byTime.length;
    int middle = Percentiles.index(n, p);
    int half = (int) Math.max(2, n * Math.min(0.01, (1 - p) / 4));
    int[] band =
        Arrays.copyOfRange(byTime, Math.max(0, middle - half), Math.min(n, middle + half + 1));
    List<String> stages =
        recording.stages().stream().filter(stage -> !stage.equals("total")).toList();
    Map<String, Double> sums = new LinkedHashMap<>();
    double response = 0;
    double gc = 0;
    for (int request : band) {
      response += recording.responseNanos(request);
      add(sums, ROOM, (double) recording.dueNanos(request) - recording.scheduledNanos(request));
      add(sums, LAG, (double) recording.lagNanos(request));
      double rest = recording.serviceNanos(request);
      boolean hasStages = false;
      for (String stage : stages) {
        long nanos = recording.stageNanos(stage, request);
        if (nanos != Recording.UNKNOWN) {
          add(sums, stage, (double) nanos);
          rest -= nanos;
          hasStages = true;
        }
      }
      long first = recording.firstByteNanos(request);
      if (hasStages) {
        add(sums, REST, rest);
      } else if (first == Recording.UNKNOWN) {
        add(sums, SERVICE, rest);
      } else {
        add(sums, FIRST_BYTE, (double) first - recording.issuedNanos(request));
        add(sums, RECEIVE, (double) recording.completedNanos(request) - first);
      }
      gc += collected(recording, events, request);
    }
    Map<String, Double> parts = new LinkedHashMap<>();
    sums.forEach((part, sum) -> parts.put(part, ms(sum / band.length)));
    return new Breakdown(p, band.length, ms(response / band.length), parts, ms(gc / band.length));
  }

  private static void add(Map<String, Double> sums, String part, double nanos) {
    sums.merge(part, nanos, Double::sum);
  }

  private static double collected(Recording recording, List<Event> events, int request) {
    double sum = 0;
    for (Event event : events) {
      if (event.kind() == Event.Kind.GC) {
        long from = Math.max(event.startNanos(), recording.scheduledNanos(request));
        long to =
            Math.min(event.startNanos() + event.durationNanos(), recording.completedNanos(request));
        sum += Math.max(0, to - from);
      }
    }
    return sum;
  }

  private static double ms(double nanos) {
    return Math.round(nanos) / 1e6;
  }
}
