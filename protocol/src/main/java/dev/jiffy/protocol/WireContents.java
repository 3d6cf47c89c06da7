package dev.jiffy.protocol;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.List;

/// Reads the typed elements of one tensor in a gRPC message, packed or one by one.
final class WireContents {
  private final Tensor tensor;
  private final DType dtype;
  private final String label;
  private long index;

  WireContents(Tensor tensor, String label) {
    this.tensor = tensor;
    this.dtype = tensor.dtype();
    this.label = label;
  }

  /// Reads all elements.
  ///
  /// @throws ProtocolException if there are more or fewer than the shape says, or others than the
  ///   datatype says
  void read(List<WireReader> parts) {
    for (WireReader part : parts) {
      for (int tag = part.tag(); tag != 0; tag = part.tag()) {
        int field = WireReader.field(tag);
        if (field < 1 || field > 8) {
          part.skip(tag);
        } else if (field != field(dtype)) {
          throw ProtocolException.badRequest(
              "%s is %s, which its 'contents' do not hold", label, Datatypes.name(dtype));
        } else {
          elements(part, tag);
        }
      }
    }
    if (index != tensor.shape().elements()) {
      throw ProtocolException.badRequest(
          "%s has shape %s of %d elements, but %d came",
          label, tensor.shape(), tensor.shape().elements(), index);
    }
  }

  /// {@return the field of `InferTensorContents` for a datatype}
  private static int field(DType dtype) {
    return switch (dtype) {
      case BOOL -> 1;
      case I4, I8, I16, I32 -> 2;
      case I64 -> 3;
      case U4, U8, U16, U32 -> 4;
      case U64 -> 5;
      case F32 -> 6;
      case F64 -> 7;
      case STRING -> 8;
      case F16, BF16 -> -1;
    };
  }

  private void elements(WireReader part, int tag) {
    if (dtype == DType.STRING) {
      part.expect(tag, WireReader.LENGTH, "bytes_contents");
      long at = next();
      tensor.setString(at, part.message().rest("element %d of %s".formatted(at, label)));
      return;
    }
    int single =
        switch (dtype) {
          case F32 -> WireReader.FIXED32;
          case F64 -> WireReader.FIXED64;
          case BOOL, I4, I8, I16, I32, I64, U4, U8, U16, U32, U64, F16, BF16, STRING ->
              WireReader.VARINT;
        };
    if (WireReader.type(tag) == single) {
      element(part);
      return;
    }
    part.expect(tag, WireReader.LENGTH, "contents");
    WireReader packed = part.message();
    while (!packed.atEnd()) {
      element(packed);
    }
  }

  private long next() {
    if (index == tensor.shape().elements()) {
      throw ProtocolException.badRequest(
          "%s has more than the %d elements of shape %s", label, index, tensor.shape());
    }
    return index++;
  }

  private void element(WireReader reader) {
    long at = next();
    switch (dtype) {
      case F32 -> tensor.setDouble(at, (double) Float.intBitsToFloat(reader.fixed32()));
      case F64 -> tensor.setDouble(at, Double.longBitsToDouble(reader.fixed64()));
      case BOOL -> tensor.setLong(at, reader.varint() != 0 ? 1 : 0);
      case I64, U64 -> tensor.setLong(at, reader.varint());
      case I4 -> store(at, reader.varint(), -8, 7);
      case I8 -> store(at, reader.varint(), Byte.MIN_VALUE, Byte.MAX_VALUE);
      case I16 -> store(at, reader.varint(), Short.MIN_VALUE, Short.MAX_VALUE);
      case I32 -> tensor.setLong(at, reader.varint());
      case U4 -> store(at, reader.varint() & 0xffff_ffffL, 0, 15);
      case U8 -> store(at, reader.varint() & 0xffff_ffffL, 0, 0xff);
      case U16 -> store(at, reader.varint() & 0xffff_ffffL, 0, 0xffff);
      case U32 -> tensor.setLong(at, reader.varint() & 0xffff_ffffL);
      case F16, BF16, STRING -> throw new IllegalStateException("not read here: " + dtype);
    }
  }

  private void store(long at, long value, long least, long most) {
    if (value < least || value > most) {
      throw ProtocolException.badRequest(
          "%s: element %d is %d, beyond %s", label, at, value, Datatypes.name(dtype));
    }
    tensor.setLong(at, value);
  }
}
