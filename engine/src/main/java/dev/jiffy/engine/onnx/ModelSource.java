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
  record InFile(Path path) implements ModelSource {
    @Override
    public MemorySegment bytes(Arena arena) {
      return ExternalFiles.map(path, arena);
    }

    @Override
    public Path folder() {
      Path folder = path.toAbsolutePath().getParent();
      return folder == null ? path : folder;
    }

    @Override
    public String described() {
      return path.toString();
    }
  }

  /// Bytes in memory; no data is elsewhere.
  ///
  /// @param segment the bytes, which must not change as long as the model is used; those of an
  ///   array are copied
  record InMemory(MemorySegment segment) implements ModelSource {
    @Override
    public MemorySegment bytes(Arena arena) {
      return segment.isNative() ? segment : arena.allocate(segment.byteSize()).copyFrom(segment);
    }

    @Override
    public @Nullable Path folder() {
      return null;
    }

    @Override
    public String described() {
      return "model of %d bytes in memory".formatted(segment.byteSize());
    }
  }

  /// {@return the bytes, off the heap}
  ///
  /// @param arena decides how long a file stays mapped, or a copy lives
  /// @throws dev.jiffy.engine.ModelException if the file cannot be read
  MemorySegment bytes(Arena arena);

  /// {@return the folder of data in other files, null where there can be none}
  @Nullable Path folder();

  /// {@return the source in words, for errors}
  String described();
}
