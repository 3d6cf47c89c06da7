package dev.jiffy.server.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What lies in a repository under one name. Immutable.
///
/// @param name the name by which clients ask for the model
/// @param versions the model's file for every version
/// @param settings the file that says how it is served, null if there is none
/// @param stamps what tells whether something has changed
record Source(
    String name, SortedMap<Long, Path> versions, @Nullable Path settings, List<Stamp> stamps) {
  /// The folder of cases beside a model's file, or beside the folders of its versions.
  static final String CASES = "cases";

  private static final int DEPTH = 4;
  private static final int MAX_FILES = 10_000;

  /// Copies the map.
  Source {
    versions = Collections.unmodifiableSortedMap(new TreeMap<>(versions));
    stamps = List.copyOf(stamps);
  }

  /// A file as it was seen.
  ///
  /// @param file the file
  /// @param bytes its size
  /// @param changed when it was last changed
  record Stamp(Path file, long bytes, FileTime changed) {
    /// {@return the stamps of a file, or of all files in a folder, without those that cannot be
    /// looked at and those that begin with a dot}
    static List<Stamp> of(Path path) {
      List<Stamp> stamps = new ArrayList<>();
      try {
        Files.walkFileTree(
            path, Set.of(FileVisitOption.FOLLOW_LINKS), DEPTH, new Visitor(path, stamps));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      stamps.sort(Comparator.comparing(Stamp::file));
      return stamps;
    }
  }

  /// Stamps what can be looked at; whoever loads the rest says what is wrong with it.
  private static final class Visitor extends SimpleFileVisitor<Path> {
    private final Path root;
    private final List<Stamp> stamps;

    Visitor(Path root, List<Stamp> stamps) {
      this.root = root;
      this.stamps = stamps;
    }

    private boolean isHidden(Path path) {
      return !path.equals(root) && Repository.isHidden(path);
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
      return isHidden(folder) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      if (attributes.isRegularFile() && !isHidden(file)) { // no link whose target has gone
        stamps.add(new Stamp(file, attributes.size(), attributes.lastModifiedTime()));
      }
      return stamps.size() < MAX_FILES ? FileVisitResult.CONTINUE : FileVisitResult.TERMINATE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) {
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) {
      return FileVisitResult.CONTINUE;
    }
  }

  /// {@return what tells whether a version has changed: the stamps of its file, or of the files in
  /// its folder}
  ///
  /// @param version the version
  List<Stamp> stamps(long version) {
    Path file = versions.get(version);
    Path folder = file == null ? null : file.getParent();
    if (folder == null || !isVersion(folder)) {
      return stamps;
    }
    return stamps.stream().filter(stamp -> stamp.file().startsWith(folder)).toList();
  }

  /// {@return the folder with recorded cases of a version, null if there is none}
  ///
  /// @param version the version
  @Nullable Path cases(long version) {
    Path folder = folder(version);
    Path above = folder == null || !isVersion(folder) ? null : folder.getParent();
    for (Path each : Stream.of(folder, above).toList()) {
      if (each != null && Files.isDirectory(each.resolve(CASES))) {
        return each.resolve(CASES);
      }
    }
    return null;
  }

  /// {@return the folder of a version, or of an ensemble; null for a model that is a file alone}
  private @Nullable Path folder(long version) {
    Path file = versions.get(version);
    if (file == null) {
      return settings == null ? null : settings.getParent();
    }
    return file.endsWith(Repository.FILE) ? file.getParent() : null;
  }

  private static boolean isVersion(Path folder) {
    return Repository.version(folder) != null;
  }
}
