package dev.jiffy.server.store;

import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The versions of one model that take requests. Immutable.
///
/// @param served the versions by number, at least one
/// @param labels names for some of them
record Versions(NavigableMap<Long, Served> served, Map<String, Long> labels) {
  /// Copies the maps.
  Versions {
    served = Collections.unmodifiableNavigableMap(new TreeMap<>(served));
    labels = Map.copyOf(labels);
  }

  /// {@return versions with labels}
  static Versions of(Collection<Served> all, Map<String, Long> labels) {
    NavigableMap<Long, Served> served = new TreeMap<>();
    for (Served each : all) {
      served.put(Long.valueOf(each.model().version()), each);
    }
    return new Versions(served, labels);
  }

  /// {@return a version, null if it is not served}
  ///
  /// @param version a number or a label; empty for the greatest
  @Nullable Served find(String version) {
    if (version.isEmpty()) {
      return served.lastEntry().getValue();
    }
    Long labelled = labels.get(version);
    if (labelled != null) {
      return served.get(labelled);
    }
    try {
      return served.get(Long.valueOf(version));
    } catch (NumberFormatException _) {
      return null;
    }
  }

  /// {@return the versions, the greatest last}
  List<String> names() {
    return served.keySet().stream().map(String::valueOf).toList();
  }
}
