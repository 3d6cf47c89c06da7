package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.Memory.ALL;

import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Memory;
import java.lang.foreign.ValueLayout;

/// Copies pixels of bytes into the form in which products read them: in fours of channels, or
/// widened to words in twos.
final class BytePixels implements CodeTable.Emitter {
  /// The bytes that are widened at a time.
  private static final int WIDENED = 16;

  private final int reach;
  private final CodeTable widening = new CodeTable("widening", 1, this);

  /// Copies for some products.
  ///
  /// @param reach the channels that 32 bits hold: 4, or 2
  BytePixels(int reach) {
    this.reach = reach;
  }

  @Override
  public byte[] emit(String table, int form) {
    return NarrowingCode.words();
  }

  /// Copies pixels of one group, each filled up to fours or twos by what follows it, which weights
  /// of 0 meet; the last ones, which nothing follows, by zeros.
  void copy(ConvGeometry g, long from, long to, int pixels) {
    int in = g.inChannels() / g.groups();
    int elements = (in + reach - 1) / reach;
    int filled = reach * elements;
    if (g.inChannels() == filled) {
      copy(from, to, (long) pixels * filled);
      return;
    }
    long spare = (pixels - 1L) * g.inChannels() + in - filled;
    long followed = spare < 0 ? 0 : Math.min(pixels, spare / g.inChannels() + 1);
    for (long p = 0; p < followed; p++) {
      long source = from + p * g.inChannels();
      long target = to + 4 * p * elements;
      for (int element = 0; element < elements; element++) {
        ALL.set(Memory.INT, target + 4L * element, element(source + (long) reach * element));
      }
    }
    for (long p = followed; p < pixels; p++) {
      for (int channel = 0; channel < filled; channel++) {
        boolean exists = channel < in;
        long source = from + p * g.inChannels() + channel;
        byte value = exists ? ALL.get(ValueLayout.JAVA_BYTE, source) : 0;
        set(to + 4 * p * elements + channel * (4L / reach), value);
      }
    }
  }

  /// Copies bytes, or widens them.
  private void copy(long from, long to, long bytes) {
    if (reach == 4) {
      Memory.copy(from, to, bytes);
      return;
    }
    long whole = bytes / WIDENED;
    if (whole > 0) {
      long _ = Code.call(widening.get(0), from, whole, to, 0, 0, 0);
    }
    for (long i = whole * WIDENED; i < bytes; i++) {
      set(to + 2 * i, ALL.get(ValueLayout.JAVA_BYTE, from + i));
    }
  }

  /// {@return four bytes, or two widened to words}
  private int element(long address) {
    if (reach == 4) {
      return ALL.get(Memory.INT, address);
    }
    int two = ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, address);
    return (two & 0xff) | (two & 0xff00) << 8;
  }

  private void set(long address, byte value) {
    if (reach == 4) {
      ALL.set(ValueLayout.JAVA_BYTE, address, value);
    } else {
      ALL.set(ValueLayout.JAVA_SHORT_UNALIGNED, address, (short) (value & 0xff));
    }
  }

  /// Fills a multiple of four bytes.
  void fill(int value, long to, long bytes) {
    long eight = value * (reach == 4 ? 0x0101010101010101L : 0x0001000100010001L);
    long done = 0;
    for (; done + 8 <= bytes; done += 8) {
      ALL.set(Memory.LONG, to + done, eight);
    }
    if (done < bytes) {
      ALL.set(Memory.INT, to + done, (int) eight);
    }
  }
}
