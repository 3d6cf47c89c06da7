package dev.jiffy.server.store;

import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/// Which versions of a model are served, of those that there are.
public sealed interface VersionPolicy {
  /// The greatest ones.
  ///
  /// @param count how many, at least 1
  record Latest(int count) implements VersionPolicy {
    /// Checks the number.
    public Latest {
      if (count < 1) {
        throw new IllegalArgumentException("at least one version is served, got " + count);
      }
    }
  }

  /// Every version.
  record All() implements VersionPolicy {}

  /// Some versions and no others.
  ///
  /// @param versions the versions, at least one
  record Only(List<Long> versions) implements VersionPolicy {
    /// Copies the list.
    public Only {
      versions = List.copyOf(versions);
      if (versions.isEmpty()) {
        throw new IllegalArgumentException("at least one version is served, got none");
      }
    }
  }

  /// {@return the versions that are served}
  ///
  /// @param there the versions that there are
  /// @throws IllegalArgumentException if one that is asked for is not there
  default SortedSet<Long> choose(Set<Long> there) {
    return switch (this) {
      case All _ -> new TreeSet<>(there);
      case Latest(int count) -> {
        SortedSet<Long> chosen = new TreeSet<>(there);
        while (chosen.size() > count) {
          chosen.remove(chosen.first());
        }
        yield chosen;
      }
      case Only(List<Long> versions) -> {
        if (!there.containsAll(versions)) {
          throw new IllegalArgumentException(
              "versions: expected some of %s, which are there, got %s"
                  .formatted(new TreeSet<>(there), versions));
        }
        yield new TreeSet<>(versions);
      }
    };
  }
}
