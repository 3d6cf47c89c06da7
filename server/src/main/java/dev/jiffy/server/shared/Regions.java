package dev.jiffy.server.shared;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.protocol.SharedMemory;
import dev.jiffy.protocol.SharedRange;
import dev.jiffy.protocol.SharedRegion;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.regex.Pattern;

/// The regions that callers have registered: parts of POSIX shared memory, which are files of one
/// folder. Shared between threads.
///
/// A region is read and written with system calls, and never mapped: a caller may make its file
/// smaller at any time, and whoever touches mapped memory behind the end of its file is killed. So
/// a tensor costs one copy, as fast as memory is; a file that has become smaller is an error of the
/// request. A region holds its file open, so that another file of the same name is another one.
public final class Regions implements SharedMemory, AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Regions.class.getName());
  private static final int MOST = 256;
  private static final int MOST_NAME = 128;

  /// The JDK keeps a copy of its own of what it reads into the heap at once, for each thread.
  private static final int MOST_AT_ONCE = 1 << 20;

  /// A file's name after an optional slash, as `shm_open` takes it: it can name nothing outside.
  private static final Pattern KEY = Pattern.compile("/?([A-Za-z0-9_-][A-Za-z0-9._-]{0,253})");

  private final Path folder;
  private final Map<String, Region> regions = new ConcurrentSkipListMap<>();

  private record Region(SharedRegion what, String file, FileChannel channel) {}

  /// Some of a file's bytes, read or written.
  private interface Transfer {
    int some(FileChannel channel, ByteBuffer bytes, long position) throws IOException;
  }

  /// No regions yet.
  ///
  /// @param folder where shared memory lies
  Regions(Path folder) {
    this.folder = folder;
  }

  /// {@return the shared memory of this machine, without any region}
  ///
  /// @throws IllegalArgumentException if there is none
  public static Regions ofThisMachine() {
    Path folder = Path.of("/dev/shm");
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException("there is no shared memory here, no folder " + folder);
    }
    return new Regions(folder);
  }

  /// Makes a region known.
  ///
  /// @param wanted the region
  /// @throws ProtocolException of status 409 if there is one of its name, otherwise 400 if its
  ///   memory is not there or smaller
  public synchronized void register(SharedRegion wanted) {
    String name = wanted.name();
    var key = KEY.matcher(wanted.key());
    if (name.isEmpty()
        || name.length() > MOST_NAME
        || name.chars().anyMatch(Character::isISOControl)) {
      throw new ProtocolException(
          400, "a region's name has 1 to %d printable characters".formatted(MOST_NAME));
    }
    if (!key.matches()) {
      throw new ProtocolException(
          400, "'key' must be the name of shared memory, such as /name: letters, digits, . _ -");
    }
    if (wanted.offset() < 0
        || wanted.bytes() < 1
        || wanted.offset() > Long.MAX_VALUE - wanted.bytes()) {
      throw new ProtocolException(
          400, "'offset' must be at least 0, 'byte_size' at least 1, together less than 2^63");
    }
    if (regions.containsKey(name)) {
      throw new ProtocolException(409, "there is a region '%s' already".formatted(name));
    }
    if (regions.size() >= MOST) {
      throw new ProtocolException(400, "there are %d regions, no more are taken".formatted(MOST));
    }
    String file = key.group(1);
    FileChannel channel = open(file);
    Region region = new Region(wanted, file, channel);
    try {
      checkSize(region, wanted.offset() + wanted.bytes());
    } catch (RuntimeException e) {
      close(region);
      throw e;
    }
    regions.put(name, region);
  }

  private FileChannel open(String name) {
    Path file = folder.resolve(name);
    try {
      BasicFileAttributes attributes =
          Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (attributes.isRegularFile()) {
        return FileChannel.open(
            file,
            Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
      }
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "shared memory cannot be opened", e);
    }
    throw new ProtocolException(
        400, "there is no shared memory '%s' that the server may read and write".formatted(name));
  }

  /// Checks that a file still has so many bytes.
  private static void checkSize(Region region, long needed) {
    long size;
    try {
      size = region.channel.size();
    } catch (IOException e) {
      throw failed(region, e);
    }
    if (size < needed) {
      throw new ProtocolException(
          400,
          "region '%s': its shared memory has %d bytes, fewer than the %d needed"
              .formatted(region.what.name(), size, needed));
    }
  }

  /// {@return what is wrong with a caller's memory; the system has no room for it, for example}
  private static ProtocolException failed(Region region, IOException e) {
    String name = region.what.name();
    return new ProtocolException(
        400,
        e instanceof ClosedChannelException
            ? "region '%s' was unregistered meanwhile".formatted(name)
            : "region '%s': its shared memory cannot be used: %s".formatted(name, e.getMessage()),
        e);
  }

  /// Forgets a region, or all of them. One that is not known is no error.
  ///
  /// @param name the region's name, empty for all
  public synchronized void unregister(String name) {
    List<String> names = name.isEmpty() ? List.copyOf(regions.keySet()) : List.of(name);
    for (String each : names) {
      Region region = regions.remove(each);
      if (region != null) {
        close(region);
      }
    }
  }

  private static void close(Region region) {
    try {
      region.channel.close();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "shared memory cannot be closed", e);
    }
  }

  /// {@return a region, or all of them, by name}
  ///
  /// @param name the region's name, empty for all
  /// @throws ProtocolException of status 404 if there is none of the name
  public List<SharedRegion> status(String name) {
    return name.isEmpty()
        ? regions.values().stream().map(Region::what).toList()
        : List.of(region(name, 404).what);
  }

  private Region region(String name, int status) {
    Region region = regions.get(name);
    if (region == null) {
      throw new ProtocolException(
          status,
          "there is no region '%s' of shared memory".formatted(ProtocolException.shortened(name)));
    }
    return region;
  }

  @Override
  public boolean isInUse() {
    return !regions.isEmpty();
  }

  private static Span span(Region region, SharedRange range) {
    SharedRegion what = region.what;
    if (range.offset() > what.bytes() - range.bytes()) {
      throw new ProtocolException(
          400,
          "region '%s' has %d bytes, fewer than the offset %d and %d bytes"
              .formatted(what.name(), what.bytes(), range.offset(), range.bytes()));
    }
    long from = what.offset() + range.offset();
    return new Span(region.file, from, from + range.bytes());
  }

  @Override
  public Span locate(SharedRange range) {
    return span(region(range.region(), 400), range);
  }

  @Override
  public void read(SharedRange range, ByteBuffer target) {
    transfer(range, target, FileChannel::read);
  }

  @Override
  public void write(SharedRange range, ByteBuffer source) {
    transfer(range, source, FileChannel::write);
  }

  private void transfer(SharedRange range, ByteBuffer bytes, Transfer transfer) {
    Region region = region(range.region(), 400);
    Span span = span(region, range);
    if (bytes.remaining() > range.bytes()) {
      throw new IllegalStateException(bytes.remaining() + " bytes for " + range);
    }
    checkSize(region, span.to());
    long position = span.from();
    try {
      while (bytes.hasRemaining()) {
        int most = Math.min(bytes.remaining(), MOST_AT_ONCE);
        int count = transfer.some(region.channel, bytes.slice(bytes.position(), most), position);
        if (count <= 0) { // and may have become larger again by now
          throw new ProtocolException(
              400,
              "region '%s': its shared memory became smaller while it was used"
                  .formatted(region.what.name()));
        }
        bytes.position(bytes.position() + count);
        position += count;
      }
    } catch (IOException e) {
      throw failed(region, e);
    }
  }

  /// Forgets all regions. Idempotent.
  @Override
  public void close() {
    unregister("");
  }
}
