package dev.jiffy.server.store;

import dev.jiffy.pipeline.TextPipeline;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Where models come from: single files, and folders of models. Immutable; looks anew whenever it
/// is asked.
///
/// In a folder lie `NAME.onnx`, `NAME/model.onnx` or `NAME/VERSION/model.onnx`, a version being a
/// whole number from 1 on; a folder can also be one such `NAME` itself. What begins with a dot, and
/// what is none of these, is left alone. Links are followed: who can write here decides what is
/// served. Names from clients never become paths.
public final class Repository {
  private static final Pattern VERSION = Pattern.compile("[1-9][0-9]{0,17}");
  private static final String ENDING = ".onnx";

  /// The file of a model that has a folder.
  static final String FILE = "model.onnx";

  /// The file beside a model, or beside the folders of its versions, that says how it is served.
  public static final String SETTINGS = "jiffy.yaml";

  private final List<Path> paths;

  /// A repository.
  ///
  /// @param paths files and folders
  public Repository(List<Path> paths) {
    this.paths = List.copyOf(paths);
  }

  /// What a repository holds now.
  ///
  /// @param sources the models by name
  /// @param problems what cannot be a model, by name, and why
  /// @param unreadable folders of which nobody can tell now whether they are models, and why
  record Listing(
      Map<String, Source> sources, Map<String, String> problems, Map<String, String> unreadable) {
    /// Nothing.
    Listing() {
      this(new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>());
    }

    /// {@return whether there is something of a name}
    boolean has(String name) {
      return Stream.of(sources, problems, unreadable).anyMatch(map -> map.containsKey(name));
    }
  }

  /// {@return the version that a folder is for, null if it is none}
  static @Nullable Long version(Path folder) {
    String name = String.valueOf(folder.getFileName());
    return VERSION.matcher(name).matches() ? Long.valueOf(name) : null;
  }

  /// {@return what is there}
  ///
  /// @throws UncheckedIOException if a path is not there or cannot be read
  Listing listing() {
    Listing listing = new Listing();
    try {
      for (Path path : paths) {
        if (Files.isRegularFile(path)) {
          Path folder = path.toAbsolutePath().getParent();
          List<Path> beside =
              folder != null && Files.isReadable(folder) ? children(folder) : List.of();
          addFile(listing, LoadedModel.nameOf(path), path, beside);
        } else if (Files.isDirectory(path)) {
          addFolder(listing, path);
        } else {
          throw new NoSuchFileException(path.toString());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return listing;
  }

  private static void addFolder(Listing listing, Path folder) throws IOException {
    if (isModel(folder)) {
      addModel(listing, folder.toAbsolutePath().normalize());
      return;
    }
    List<Path> children = children(folder);
    for (Path child : children) {
      if (Files.isDirectory(child)) {
        addChild(listing, child);
      } else if (child.toString().endsWith(ENDING)) {
        addFile(listing, stem(child), child, children);
      }
    }
  }

  private static void addChild(Listing listing, Path folder) {
    try {
      if (isModel(folder) || Files.exists(folder.resolve(SETTINGS))) {
        addModel(listing, folder);
      }
    } catch (IOException | UncheckedIOException e) {
      listing
          .unreadable()
          .put(String.valueOf(folder.getFileName()), "%s: cannot be read: %s".formatted(folder, e));
    }
  }

  /// {@return whether what lies at a path is left alone}
  static boolean isHidden(Path path) {
    return String.valueOf(path.getFileName()).startsWith(".");
  }

  private static List<Path> children(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.filter(child -> !isHidden(child)).sorted().toList();
    }
  }

  /// {@return whether a folder is one model: it has its file, or a version with one}
  private static boolean isModel(Path folder) throws IOException {
    if (Files.isRegularFile(folder.resolve(FILE))) {
      return true;
    }
    for (Path child : children(folder)) {
      if (version(child) != null && Files.isRegularFile(child.resolve(FILE))) {
        return true;
      }
    }
    return false;
  }

  private static String stem(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.endsWith(ENDING) ? name.substring(0, name.length() - ENDING.length()) : name;
  }

  private static void addFile(Listing listing, String name, Path file, List<Path> beside) {
    SortedMap<Long, Path> versions = new TreeMap<>(Map.of(LoadedModel.FIRST, file));
    List<Source.Stamp> stamps = new ArrayList<>(Source.Stamp.of(file));
    Stream.concat(
            weights(file, beside).filter(Files::isRegularFile), TextPipeline.files(file).stream())
        .forEach(each -> stamps.addAll(Source.Stamp.of(each)));
    add(listing, name, versions, null, stamps, file);
  }

  /// {@return what may be a model's weights beside its file: `NAME.onnx.data`, `NAME.onnx_data` and
  /// the like for `NAME.onnx`}
  private static Stream<Path> weights(Path file, List<Path> beside) {
    String stem = stem(file);
    return beside.stream()
        .map(other -> String.valueOf(other.getFileName()))
        .filter(other -> other.startsWith(stem + ".") || other.startsWith(stem + "_"))
        .filter(other -> !other.endsWith(ENDING))
        .map(file::resolveSibling);
  }

  private static void addModel(Listing listing, Path folder) throws IOException {
    String name = String.valueOf(folder.getFileName());
    SortedMap<Long, Path> versions = new TreeMap<>();
    Path file = folder.resolve(FILE);
    for (Path child : children(folder)) {
      Long version = version(child);
      if (version != null && Files.isDirectory(child)) {
        if (!Files.isRegularFile(child.resolve(FILE))) {
          problem(listing, name, "%s: expected a file %s in it, got none".formatted(child, FILE));
          return;
        }
        versions.put(version, child.resolve(FILE));
      }
    }
    if (Files.isRegularFile(file)) {
      if (!versions.isEmpty()) {
        problem(
            listing,
            name,
            "%s: expected either %s or folders of versions, got both".formatted(folder, FILE));
        return;
      }
      versions.put(LoadedModel.FIRST, file);
    }
    Path settings = folder.resolve(SETTINGS);
    add(
        listing,
        name,
        versions,
        Files.isRegularFile(settings) ? settings : null,
        Source.Stamp.of(folder),
        folder);
  }

  private static void add(
      Listing listing,
      String name,
      SortedMap<Long, Path> versions,
      @Nullable Path settings,
      List<Source.Stamp> stamps,
      Path at) {
    if (!LoadedModel.isName(name)) {
      problem(listing, name, "%s: %s, got '%s'".formatted(at, LoadedModel.NAME_RULE, name));
    } else if (listing.sources().containsKey(name) || listing.problems().containsKey(name)) {
      listing.sources().remove(name);
      problem(
          listing,
          name,
          "%s: expected one model of each name, got a second '%s'".formatted(at, name));
    } else {
      listing.sources().put(name, new Source(name, versions, settings, stamps));
    }
  }

  private static void problem(Listing listing, String name, String reason) {
    listing.problems().put(name, reason);
  }

  /// {@return the paths, for messages}
  @Override
  public String toString() {
    List<String> texts = new ArrayList<>();
    paths.forEach(path -> texts.add(path.toString()));
    return String.join(", ", texts);
  }
}
