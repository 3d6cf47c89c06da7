package dev.jiffy.server.cache;

import dev.jiffy.server.schedule.Question;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What two requests to a version of a model have in common whose answers are the same: names,
/// element types, shapes and elements of the inputs, and the outputs that are asked for.
///
/// All of it is copied, and compared where the digests agree: a digest alone decides nothing.
/// Immutable; shared between threads.
public final class Key {
  /// How much a question may take of a cache.
  private static final int PARTS = 8;

  private final byte[] material;
  private final List<String> outputs;
  private final byte[] digest;
  private final long high;
  private final long low;
  private final long nanos;

  private Key(byte[] material, List<String> outputs, long start) {
    this.material = material;
    this.outputs = List.copyOf(outputs);
    this.digest = sha256().digest(material);
    ByteBuffer bits = ByteBuffer.wrap(digest); // 128 of them
    this.high = bits.getLong();
    this.low = bits.getLong();
    this.nanos = System.nanoTime() - start;
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /// {@return the key of a question, null where it is too large for the cache}
  ///
  /// @param question the question
  /// @param outputs the names of the outputs that are asked for, in any order
  /// @param options how large the cache is
  static @Nullable Key of(Question question, List<String> outputs, CacheOptions options) {
    long start = System.nanoTime();
    List<byte[]> pieces = new ArrayList<>();
    pieces.add(text(outputs.stream().sorted().toList()));
    long most = options.bytes() / PARTS;
    switch (question) {
      case Question.Tensors(Map<String, Tensor> inputs) -> {
        for (Map.Entry<String, Tensor> input : new TreeMap<>(inputs).entrySet()) {
          Tensor tensor = input.getValue();
          if (tensor.dtype() != DType.STRING && tensor.segment().byteSize() > most) {
            return null;
          }
          pieces.add(header(input.getKey(), tensor));
          pieces.add(elements(tensor));
        }
      }
      case Question.Texts(List<String> texts) -> pieces.add(text(texts));
      case Question.Tokens(List<int[]> texts) -> {
        for (int[] tokens : texts) {
          ByteBuffer piece = ByteBuffer.allocate(Math.multiplyExact(tokens.length, 4));
          piece.asIntBuffer().put(tokens);
          pieces.add(piece.array());
        }
      }
    }
    long bytes = 1 + pieces.stream().mapToLong(piece -> 4L + piece.length).sum();
    if (bytes > Math.min(most, Integer.MAX_VALUE / 2)) {
      return null;
    }
    return new Key(joined(question, pieces, (int) bytes), outputs, start);
  }

  private static byte[] joined(Question question, List<byte[]> pieces, int bytes) {
    ByteBuffer material = ByteBuffer.allocate(bytes);
    material.put(
        (byte)
            switch (question) {
              case Question.Tensors _ -> 0;
              case Question.Texts _ -> 1;
              case Question.Tokens _ -> 2;
            });
    for (byte[] piece : pieces) {
      material.putInt(piece.length).put(piece);
    }
    return material.array();
  }

  private static byte[] header(String name, Tensor tensor) {
    byte[] texts = text(List.of(name, tensor.dtype().name()));
    long[] dims = tensor.shape().dims();
    ByteBuffer header = ByteBuffer.allocate(texts.length + 8 * dims.length);
    header.put(texts);
    for (long dim : dims) {
      header.putLong(dim);
    }
    return header.array();
  }

  private static byte[] elements(Tensor tensor) {
    if (tensor.dtype() == DType.STRING) {
      return text(tensor.strings());
    }
    MemorySegment segment = tensor.segment();
    byte[] elements = new byte[Math.toIntExact(segment.byteSize())];
    MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, 0, elements, 0, elements.length);
    return elements;
  }

  /// {@return texts one behind the other, each behind its length; not as UTF-8, in which lone
  /// surrogates are all alike}
  private static byte[] text(List<String> texts) {
    ByteBuffer joined =
        ByteBuffer.allocate(
            Math.toIntExact(texts.stream().mapToLong(text -> 4 + 2L * text.length()).sum()));
    for (String text : texts) {
      joined.putInt(text.length());
      text.chars().forEach(c -> joined.putChar((char) c));
    }
    return joined.array();
  }

  /// {@return the names of the outputs that are asked for}
  List<String> outputs() {
    return outputs;
  }

  /// {@return the digest of the question, 32 bytes; not copied}
  byte[] digest() {
    return digest;
  }

  /// {@return how many bytes it takes}
  int bytes() {
    return material.length;
  }

  /// {@return how long making it took}
  long nanos() {
    return nanos;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Key key
        && high == key.high
        && low == key.low
        && Arrays.equals(material, key.material);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(low);
  }
}
