package dev.jiffy.server.call;

import dev.jiffy.protocol.ProtocolException;
import java.util.concurrent.atomic.AtomicLong;

/// What bodies and messages may take of the heap, those of all connections together, from when they
/// arrive until they are read. Shared between threads.
public final class BodyMemory {
  private static final int SHARE_OF_HEAP = 4;

  private final long mostBytes;
  private final AtomicLong taken = new AtomicLong();

  /// Memory of which nothing is taken.
  ///
  /// @param mostBytes how much may be taken
  public BodyMemory(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  /// {@return a quarter of the heap: while a body grows it is there twice, and what is read of it
  /// has to have room as well}
  public static BodyMemory ofHeap() {
    return new BodyMemory(Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP);
  }

  /// {@return how much may be taken}
  public long mostBytes() {
    return mostBytes;
  }

  /// {@return how much is taken}
  public long takenBytes() {
    return taken.get();
  }

  /// {@return what tells a caller that there is no room}
  public static ProtocolException crowded() {
    return new ProtocolException(
        503, "the requests that arrive now take all the memory that there is for them");
  }

  /// {@return the share of a body of which nothing has come}
  public Share share() {
    return new Share();
  }

  /// {@return the share of a body that has come, whatever others take}
  ///
  /// @param bytes its bytes
  public Share share(long bytes) {
    Share share = new Share();
    share.bytes = bytes;
    taken.addAndGet(bytes);
    return share;
  }

  /// What one body takes. Belongs to one thread at a time.
  public final class Share {
    private long bytes;

    private Share() {}

    /// {@return whether there is room for more, which is taken then}
    ///
    /// @param more how many bytes
    public boolean add(long more) {
      if (taken.addAndGet(more) > mostBytes) {
        taken.addAndGet(-more);
        return false;
      }
      bytes += more;
      return true;
    }

    /// Gives all of it back. Idempotent.
    public void release() {
      if (bytes != 0) { // most are released twice, by all threads at one counter
        taken.addAndGet(-bytes);
        bytes = 0;
      }
    }
  }
}
