package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.tile.WinogradKernels;
import dev.jiffy.engine.kernel.tile.Zeros;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The transforms of Winograd's convolutions as machine code, made when it is first needed.
public final class X86Winograd implements WinogradKernels, CodeTable.Emitter {
  private final int vectorBytes;
  private final int lanes;
  private final CodeTable inputs;
  private final CodeTable results;
  private final ConcurrentHashMap<Activation, CodeTable> activated = new ConcurrentHashMap<>();

  /// Finds out what this CPU can do.
  ///
  /// @throws UnsupportedOperationException with the reason, if no machine code can run here
  public X86Winograd() {
    this(Cpu.detect());
  }

  X86Winograd(Cpu cpu) {
    vectorBytes = cpu.vectorBytes();
    lanes = vectorBytes / 4;
    inputs = new CodeTable("input", 2, this);
    results = table(null);
  }

  @Override
  public byte[] emit(String table, int form) {
    return new WinogradCode(vectorBytes, form != 0).input();
  }

  /// Results: bit 0 for a last vector that is not whole, bit 1 for a residual.
  private record Results(int vectorBytes, @Nullable Activation activation)
      implements CodeTable.Emitter {
    @Override
    public byte[] emit(String table, int form) {
      return new WinogradCode(vectorBytes, (form & 1) != 0).result((form & 2) != 0, activation);
    }
  }

  private CodeTable table(@Nullable Activation activation) {
    return new CodeTable("result", 4, new Results(vectorBytes, activation));
  }

  @Override
  public int leastChannels() {
    return 16;
  }

  @Override
  public void transformInput(
      ConvGeometry g, int channels, long x, int row, int column, int tiles, long to, long step) {
    long pixel = 4L * g.inChannels();
    long line = pixel * g.inWidth();
    long top = (long) row % g.outHeight() - g.padTop();
    long left = (long) column - g.padLeft();
    int absent = 0;
    for (int i = 0; i < 4; i++) {
      long at = top + (long) i * g.dilationHeight();
      absent |= at < 0 || at >= g.inHeight() ? 16 << i : 0;
    }
    int apart = g.dilationWidth();
    int rest = channels % lanes;
    Code.call(
        inputs.get(rest == 0 ? 0 : 1),
        x + ((long) row / g.outHeight() * g.inHeight() + top) * line + left * pixel,
        apart * pixel,
        g.dilationHeight() * line,
        absent,
        to,
        step,
        tiles,
        Math.floorDiv(left, apart),
        columns(g.inWidth(), left, apart),
        channels / lanes,
        Masks.first(vectorBytes, rest),
        0,
        0,
        0,
        4L * channels,
        0);
  }

  /// The columns of an image of which every so many-th is counted, one of which is given, be it
  /// within the image or not.
  private static long columns(int width, long one, int apart) {
    return Math.max(0, Math.ceilDiv(width - Math.floorMod(one, (long) apart), apart));
  }

  @Override
  public void transformResult(
      ConvGeometry g,
      int channels,
      long from,
      long step,
      long bias,
      long residual,
      long y,
      int row,
      int rows,
      int column,
      int tiles) {
    Activation activation = g.activation();
    boolean fused = activation != null && FunctionCode.suits(activation.function());
    CodeTable table = activation != null && fused ? activated(activation) : results;
    long pixel = 4L * g.outChannels();
    long line = pixel * g.outWidth();
    long to = y + row * line + column * pixel;
    int apart = g.dilationWidth();
    long columns = columns(g.outWidth(), column, apart);
    int rest = channels % lanes;
    Code.call(
        table.get((rest == 0 ? 0 : 1) | (residual == 0 ? 0 : 2)),
        to,
        apart * pixel,
        g.dilationHeight() * line,
        rows == 1 ? 32 : 0,
        from,
        step,
        tiles,
        column / apart,
        columns,
        channels / lanes,
        Masks.first(vectorBytes, rest),
        residual - y,
        bias == 0 ? Zeros.ADDRESS : bias,
        bias == 0 ? 0 : vectorBytes,
        4L * channels,
        0);
    if (activation != null && !fused) {
      int pixels = (int) Math.min(2L * tiles, columns - column / apart);
      for (int i = 0; i < rows; i++) {
        long first = to + (long) i * g.dilationHeight() * line;
        activation.apply(first, apart * pixel, pixels, channels);
      }
    }
  }

  private CodeTable activated(Activation activation) {
    CodeTable table = activated.get(activation);
    return table == null ? activated.computeIfAbsent(activation, this::table) : table;
  }
}
