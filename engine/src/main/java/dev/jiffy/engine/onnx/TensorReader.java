package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.onnx.OnnxModel.TensorProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads ONNX's `TensorProto`.
///
/// Raw and external bytes become views, typed fields are decoded into memory of the arena. Sizes
/// are compared before anything is allocated, so that a small file cannot ask for much memory.
final class TensorReader {
  private static final int FLOATS = 4;
  private static final int INTS = 5;
  private static final int STRINGS = 6;
  private static final int LONGS = 7;
  private static final int RAW = 9;
  private static final int DOUBLES = 10;
  private static final int UNSIGNED = 11;

  private final Arena arena;
  private final ExternalFiles files;

  private final List<Long> dims = new ArrayList<>();
  private final Map<String, String> external = new HashMap<>();
  private final long[] counts = new long[UNSIGNED + 1];
  private long elementType;
  private String name = "";
  private boolean isExternal;
  private @Nullable MemorySegment raw;

  private TensorReader(Arena arena, ExternalFiles files) {
    this.arena = arena;
    this.files = files;
  }

  /// {@return the tensor that a message holds}
  ///
  /// @param message a cursor at its begin
  /// @param arena where decoded elements go
  /// @param files the files beside the model
  static TensorProto read(WireReader message, Arena arena, ExternalFiles files) {
    return new TensorReader(arena, files).tensor(message);
  }

  private TensorProto tensor(WireReader message) {
    WireReader fields = message.restart();
    while (fields.next()) {
      field(fields);
    }
    DType dtype = ElementTypes.dtype(elementType);
    String type = ElementTypes.name(elementType);
    if (elementType == 0) {
      throw new ModelException("tensor '" + name + "' has no element type");
    }
    if (dtype == null) {
      return new TensorProto(name, type + dims, null);
    }
    return new TensorProto(name, type, tensor(dtype, message.restart()));
  }

  private void field(WireReader fields) {
    switch (fields.field()) {
      case 1 -> integers(fields, dims);
      case 2 -> elementType = fields.integer();
      case 3 -> throw new ModelException("a tensor in segments is not supported");
      case FLOATS -> counts[FLOATS] += fields.isBytes() ? fixed(fields, 4) : one(fields);
      case INTS, LONGS, UNSIGNED ->
          counts[fields.field()] +=
              fields.isBytes() ? fields.packed().countIntegers() : one(fields);
      case STRINGS -> counts[STRINGS] += one(fields);
      case 8 -> name = fields.string();
      case RAW -> raw = fields.bytes();
      case DOUBLES -> counts[DOUBLES] += fields.isBytes() ? fixed(fields, 8) : one(fields);
      case 13 -> OnnxReader.entry(fields.message("external_data"), external);
      case 14 -> isExternal = fields.integer() == 1;
      default -> fields.skip();
    }
  }

  /// Adds the current field, a list of integers packed or not, to a list.
  private static void integers(WireReader fields, List<Long> list) {
    if (fields.isBytes()) {
      WireReader packed = fields.packed();
      while (!packed.atEnd()) {
        list.add(packed.nextInteger());
      }
    } else {
      list.add(fields.integer());
    }
  }

  private static long one(WireReader fields) {
    fields.skip();
    return 1;
  }

  private static long fixed(WireReader fields, long size) {
    long bytes = fields.packed().remaining();
    if (bytes % size != 0) {
      throw fields.malformed(bytes + " bytes are no list of elements of " + size + " bytes");
    }
    return bytes / size;
  }

  private Tensor tensor(DType dtype, WireReader fields) {
    Shape shape = shape(dtype);
    int typed = typedField(dtype);
    for (int other = 0; other < counts.length; other++) {
      if (counts[other] > 0 && (other != typed || raw != null || isExternal)) {
        throw new ModelException(
            "tensor '%s' (%s%s) has elements in a field of another type or in two places"
                .formatted(name, dtype, shape));
      }
    }
    if (isExternal || raw != null) {
      return view(dtype, shape);
    }
    long needed = TensorWriter.stored(dtype, shape);
    if (counts[typed] != needed) {
      throw new ModelException(
          "tensor '%s' (%s%s) needs %d elements, the file has %d"
              .formatted(name, dtype, shape, needed, counts[typed]));
    }
    return decode(dtype, shape, typed, fields);
  }

  private Shape shape(DType dtype) {
    long[] extents = new long[dims.size()];
    for (int i = 0; i < extents.length; i++) {
      extents[i] = dims.get(i);
    }
    try {
      Shape shape = Shape.of(extents);
      shape.bytes(dtype);
      return shape;
    } catch (IllegalArgumentException e) {
      throw new ModelException("tensor '" + name + "': " + e.getMessage(), e);
    }
  }

  private Tensor view(DType dtype, Shape shape) {
    if (dtype == DType.STRING) {
      throw new ModelException("tensor '" + name + "' has strings as raw bytes");
    }
    long bytes = TensorWriter.stored(dtype, shape) * dtype.bytes();
    MemorySegment memory = raw;
    if (isExternal) {
      memory =
          files.slice(
              name,
              external.getOrDefault("location", ""),
              number("offset", 0),
              number("length", -1));
    } else if (memory == null) {
      throw new IllegalStateException("tensor without bytes");
    }
    if (memory.byteSize() != bytes) {
      throw new ModelException(
          "tensor '%s' (%s%s) needs %d bytes, the file has %d"
              .formatted(name, dtype, shape, bytes, memory.byteSize()));
    }
    return switch (dtype) {
      case BOOL -> Tensor.of(dtype, shape, truthValues(memory));
      case I4, U4 -> unpacked(dtype, shape, memory);
      case F32, F64, F16, BF16, I8, I16, I32, I64, U8, U16, U32, U64, STRING ->
          Tensor.of(dtype, shape, memory);
    };
  }

  /// Two integers of 4 bits share a byte, the first has its low half.
  private Tensor unpacked(DType dtype, Shape shape, MemorySegment memory) {
    Tensor tensor = Tensor.allocate(dtype, shape, arena);
    for (long i = 0; i < shape.elements(); i++) {
      tensor.setLong(i, memory.get(ValueLayout.JAVA_BYTE, i / 2) >> (i % 2 == 0 ? 0 : 4));
    }
    return tensor;
  }

  private long number(String key, long otherwise) {
    String text = external.get(key);
    if (text == null) {
      return otherwise;
    }
    try {
      long number = Long.parseLong(text);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new ModelException(
          "tensor '%s' has the %s '%s' in its file".formatted(name, key, text), e);
    }
    throw new ModelException("tensor '%s' has the %s %s in its file".formatted(name, key, text));
  }

  /// Only 0 and 1 are truth values; others, which count as true, are replaced in a copy.
  private MemorySegment truthValues(MemorySegment memory) {
    for (long i = 0; i < memory.byteSize(); i++) {
      if ((memory.get(ValueLayout.JAVA_BYTE, i) & 0xfe) != 0) {
        MemorySegment copy = arena.allocate(memory.byteSize(), Tensor.ALIGNMENT);
        for (long j = 0; j < memory.byteSize(); j++) {
          byte truth = (byte) (memory.get(ValueLayout.JAVA_BYTE, j) == 0 ? 0 : 1);
          copy.set(ValueLayout.JAVA_BYTE, j, truth);
        }
        return copy;
      }
    }
    return memory;
  }

  private static int typedField(DType dtype) {
    return switch (dtype) {
      case F32 -> FLOATS;
      case F64 -> DOUBLES;
      case F16, BF16, I4, I8, I16, I32, U4, U8, U16, BOOL -> INTS;
      case I64 -> LONGS;
      case U32, U64 -> UNSIGNED;
      case STRING -> STRINGS;
    };
  }

  private Tensor decode(DType dtype, Shape shape, int typed, WireReader fields) {
    Tensor tensor = Tensor.allocate(dtype, shape, arena);
    long index = 0;
    while (fields.next()) {
      if (fields.field() != typed) {
        fields.skip();
      } else if (typed == STRINGS) {
        tensor.setString(index++, fields.string());
      } else if (fields.isBytes() && (typed == FLOATS || typed == DOUBLES)) {
        MemorySegment elements = fields.bytes();
        tensor.segment().asSlice(index * dtype.bytes()).copyFrom(elements);
        index += elements.byteSize() / dtype.bytes();
      } else if (fields.isBytes()) {
        WireReader packed = fields.packed();
        while (!packed.atEnd()) {
          set(tensor, index++, packed.nextInteger());
        }
      } else {
        switch (typed) {
          case FLOATS -> tensor.setDouble(index++, fields.float32());
          case DOUBLES -> tensor.setDouble(index++, fields.float64());
          default -> set(tensor, index++, fields.integer());
        }
      }
    }
    return tensor;
  }

  /// Half floats travel as their bits, integers of 4 bits in pairs.
  private static void set(Tensor tensor, long index, long value) {
    switch (tensor.dtype()) {
      case I4, U4 -> {
        tensor.setLong(2 * index, value);
        if (2 * index + 1 < tensor.shape().elements()) {
          tensor.setLong(2 * index + 1, value >> 4);
        }
      }
      case F16, BF16 ->
          tensor.segment().set(ValueLayout.JAVA_SHORT_UNALIGNED, index << 1, (short) value);
      case F32, F64, I8, I16, I32, I64, U8, U16, U32, U64, BOOL, STRING ->
          tensor.setLong(index, value);
    }
  }
}
