package dev.jiffy.protocol;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A part of a region of shared memory, in which the elements of a tensor lie in their raw form, or
/// are to lie.
///
/// @param region the name of the region
/// @param offset its first byte in the region
/// @param bytes how many there are
public record SharedRange(String region, long offset, long bytes) {
  /// The parameter that names the region.
  public static final String REGION = "shared_memory_region";

  private static final String OFFSET = "shared_memory_offset";
  private static final String SIZE = "shared_memory_byte_size";
  private static final int MOST_BYTES = Integer.MAX_VALUE - 16;
  private static final byte[] MENTION = {'s', 'h', 'a', 'r', 'e', 'd', '_', 'm', 'e', 'm'};

  /// Letters may be written so in JSON.
  private static final byte[] ESCAPE = {'\\', 'u', '0', '0'};

  /// Checks the numbers.
  public SharedRange {
    if (offset < 0 || bytes < 0 || offset > Long.MAX_VALUE - bytes) {
      throw ProtocolException.badRequest(
          "'%s' and '%s' must be at least 0 and together less than 2^63, got %d and %d",
          OFFSET, SIZE, offset, bytes);
    }
  }

  /// {@return the range that a tensor's parameters name, null for none}
  ///
  /// @param parameters the parameters
  /// @param label what the tensor is called in messages
  /// @throws ProtocolException if they name half of one
  public static @Nullable SharedRange of(Map<String, Parameter> parameters, String label) {
    Parameter region = parameters.get(REGION);
    if (region == null) {
      if (parameters.containsKey(OFFSET) || parameters.containsKey(SIZE)) {
        throw ProtocolException.badRequest("%s lacks '%s'", label, REGION);
      }
      return null;
    }
    if (!(region instanceof Parameter.Text(String name))) {
      throw ProtocolException.badRequest("%s: '%s' must be a string", label, REGION);
    }
    if (!parameters.containsKey(SIZE)) {
      throw ProtocolException.badRequest("%s lacks '%s'", label, SIZE);
    }
    return new SharedRange(name, whole(parameters, OFFSET, label), whole(parameters, SIZE, label));
  }

  private static long whole(Map<String, Parameter> parameters, String name, String label) {
    return switch (parameters.get(name)) {
      case null -> 0;
      case Parameter.Whole(long value) -> value;
      case Parameter.Text _, Parameter.Real _, Parameter.Flag _ ->
          throw ProtocolException.badRequest("%s: '%s' must be an integer", label, name);
    };
  }

  /// {@return the parameters that name the range}
  public Map<String, Parameter> parameters() {
    Map<String, Parameter> parameters = new HashMap<>();
    parameters.put(REGION, new Parameter.Text(region));
    parameters.put(SIZE, new Parameter.Whole(bytes));
    if (offset > 0) {
      parameters.put(OFFSET, new Parameter.Whole(offset));
    }
    return parameters;
  }

  /// {@return whether a message may name a range; a quick look, which errs on this side only}
  ///
  /// @param message JSON, or protocol buffers
  /// @param length how many of its bytes may name one
  public static boolean isMentioned(byte[] message, int length) {
    for (int i = 0; i < length; i++) {
      if (isAt(message, i, length, MENTION) || isAt(message, i, length, ESCAPE)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isAt(byte[] message, int position, int length, byte[] text) {
    return message[position] == text[0]
        && position <= length - text.length
        && Arrays.equals(message, position, position + text.length, text, 0, text.length);
  }

  /// Checks that a tensor's elements can lie in a range.
  static void check(String label, DType dtype, Shape shape, SharedRange range, Limits limits) {
    long most = Math.min(limits.maxTensorBytes(), MOST_BYTES);
    if (range.bytes > most) {
      throw new ProtocolException(413, "%s takes more than %d bytes".formatted(label, most));
    }
    if (dtype != DType.STRING
        && (shape.elements() > range.bytes || shape.bytes(dtype) != range.bytes)) {
      throw ProtocolException.badRequest(
          "%s: shape %s has %d elements of %d bytes each, but '%s' says %d",
          label, shape, shape.elements(), dtype.bytes(), SIZE, range.bytes);
    }
  }

  /// {@return how many bytes the texts of a tensor in this range take at most beside the tensor;
  /// those of a body are bounded by the body}
  long textBytes(DType dtype) {
    return dtype == DType.STRING ? bytes : 0;
  }

  /// Copies elements out of shared memory. They are checked as those of a body are.
  ///
  /// @param memory the memory
  /// @param tensor takes them; of numbers, it has as many bytes as this range
  void read(SharedMemory memory, Tensor tensor, String label) {
    if (tensor.dtype() != DType.STRING && tensor.dtype() != DType.BOOL) {
      memory.read(this, tensor.segment().asByteBuffer());
      return;
    }
    byte[] copy = new byte[(int) bytes];
    memory.read(this, ByteBuffer.wrap(copy));
    BinaryElements.read(copy, 0, copy.length, tensor, label);
  }

  /// Copies elements into shared memory.
  ///
  /// @param memory the memory
  /// @param tensor what is copied
  /// @param label what the tensor is called in messages
  /// @return the part of this range that they took
  /// @throws ProtocolException if they need more than this range, or it is not there any more
  public SharedRange write(SharedMemory memory, Tensor tensor, String label) {
    long needed = BinaryElements.size(tensor);
    if (needed > bytes) {
      throw ProtocolException.badRequest(
          "%s takes %d bytes, but '%s' says %d", label, needed, SIZE, bytes);
    }
    if (needed > MOST_BYTES) {
      throw ProtocolException.badRequest("%s takes more than %d bytes", label, MOST_BYTES);
    }
    SharedRange taken = new SharedRange(region, offset, needed);
    if (tensor.dtype() == DType.STRING) {
      byte[] copy = new byte[(int) needed];
      BinaryElements.write(tensor, copy, 0);
      memory.write(taken, ByteBuffer.wrap(copy));
    } else {
      memory.write(taken, tensor.segment().asByteBuffer());
    }
    return taken;
  }
}
