package dev.jiffy.engine.onnx;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Where an ONNX model's bytes are.
public sealed interface ModelSource {
  /// A file; data in other files lies in its folder.
  ///
  /// @param path the file
  record InFile(Path path) implements ModelSource {}

  /// Bytes in memory; no data is elsewhere.
  ///
  /// @param segment the bytes, which must not change as long as the model is used; those of an
  ///   array are copied
  record InMemory(MemorySegment segment) implements ModelSource {}

  /// {@return the bytes, off the heap}
  ///
  /// @param arena decides how long a file stays mapped, or a copy lives
  /// @throws dev.jiffy.engine.ModelException if the file cannot be read
  default MemorySegment bytes(Arena arena) {
    return switch (this) {
      case InFile(Path path) -> ExternalFiles.map(path, arena);
      case InMemory(MemorySegment segment) ->
          segment.isNative() ? segment : arena.allocate(segment.byteSize()).copyFrom(segment);
    };
  }

  /// {@return the folder of data in other files, null where there can be none}
  default @Nullable Path folder() {
    return switch (this) {
      case InFile(Path path) -> {
        Path folder = path.toAbsolutePath().getParent();
        yield folder == null ? path : folder;
      }
      case InMemory _ -> null;
    };
  }

  /// {@return the source in words, for errors}
  default String described() {
    return switch (this) {
      case InFile(Path path) -> path.toString();
      case InMemory(MemorySegment segment) ->
          "model of %d bytes in memory".formatted(segment.byteSize());
    };
  }
}
