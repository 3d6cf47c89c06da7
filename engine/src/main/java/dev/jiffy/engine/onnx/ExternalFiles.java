package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The files beside a model that hold tensors, mapped when first needed.
///
/// A location never leaves the model's folder: absolute locations, `..` and links to elsewhere are
/// refused.
final class ExternalFiles {
  private final @Nullable Path folder;
  private final Arena arena;
  private final Map<Path, MemorySegment> mapped = new HashMap<>();

  /// Files in a folder.
  ///
  /// @param folder the model's folder, or null where the model did not come from a file
  /// @param arena decides how long mappings live
  ExternalFiles(@Nullable Path folder, Arena arena) {
    this.folder = folder;
    this.arena = arena;
  }

  /// {@return part of a file}
  ///
  /// @param tensor the tensor that lies there, for errors
  /// @param location the file's path relative to the folder
  /// @param offset the first byte
  /// @param length the number of bytes, or -1 for all to the end
  MemorySegment slice(String tensor, String location, long offset, long length) {
    MemorySegment file = mapped.computeIfAbsent(resolve(tensor, location), this::map);
    long size = file.byteSize();
    if (offset < 0 || offset > size || length < -1 || length > size - offset) {
      throw new ModelException(
          "tensor '%s' is said to lie at byte %d of '%s', %d bytes long; the file has %d bytes"
              .formatted(tensor, offset, location, length, size));
    }
    return file.asSlice(offset, length < 0 ? size - offset : length);
  }

  private Path resolve(String tensor, String location) {
    if (folder == null) {
      throw new ModelException(refusal(tensor, location, "the model does not come from a file"));
    }
    Path relative;
    try {
      relative = Path.of(location);
    } catch (InvalidPathException e) {
      throw new ModelException(refusal(tensor, location, "it is no path"), e);
    }
    if (location.isEmpty() || relative.isAbsolute()) {
      throw new ModelException(refusal(tensor, location, "a path relative to the model is needed"));
    }
    for (Path part : relative) {
      if (part.toString().equals("..")) {
        throw new ModelException(refusal(tensor, location, "it leaves the model's folder"));
      }
    }
    try {
      Path root = folder.toRealPath();
      Path real = root.resolve(relative).toRealPath();
      if (!real.startsWith(root)) {
        throw new ModelException(refusal(tensor, location, "it links out of the model's folder"));
      }
      if (!Files.isRegularFile(real)) {
        throw new ModelException(refusal(tensor, location, "it is no regular file"));
      }
      return real;
    } catch (IOException e) {
      throw new ModelException(refusal(tensor, location, "there is no such file in " + folder), e);
    }
  }

  private static String refusal(String tensor, String location, String why) {
    return "the data of tensor '%s' cannot be read from '%s': %s".formatted(tensor, location, why);
  }

  private MemorySegment map(Path file) {
    return map(file, arena);
  }

  /// {@return a file's bytes, mapped}
  ///
  /// @param file the file
  /// @param arena decides how long the mapping lives
  static MemorySegment map(Path file, Arena arena) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
    } catch (NoSuchFileException e) {
      throw new ModelException("cannot read " + file + ": no such file", e);
    } catch (IOException e) {
      throw new ModelException(
          "cannot read "
              + file
              + ": "
              + (Files.isDirectory(file) ? "expected a file, got a folder" : e),
          e);
    }
  }
}
