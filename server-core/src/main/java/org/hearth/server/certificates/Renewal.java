package org.hearth.server.certificates;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.function.Supplier;
import org.hearth.server.upkeep.Upkeep;

/// Certifies the server anew while it runs: a computer gets other addresses, and a certificate
/// ends.
///
/// **Thread**: `certificates`.
public final class Renewal implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Renewal.class.getName());
  private static final Duration LOOKS = Duration.ofMinutes(10);

  private final HomeAuthority authority;
  private final Supplier<Hosts> hosts;
  private final Runnable renewed;
  private final Upkeep thread = new Upkeep("certificates");

  /// @param authority nobody else's from now on
  /// @param hosts what devices call the server at the time of asking
  /// @param renewed told that there is a new certificate
  public Renewal(HomeAuthority authority, Supplier<Hosts> hosts, Runnable renewed) {
    this.authority = authority;
    this.hosts = hosts;
    this.renewed = renewed;
  }

  /// Looks every ten minutes.
  public void start() {
    thread.every(LOOKS, LOOKS, "the server could not be certified anew", this::look);
  }

  /// Looks now.
  void look() {
    try {
      if (authority.certify(hosts.get())) {
        renewed.run();
        LOG.log(Level.INFO, "the server has a new certificate for devices at home");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    thread.end();
  }
}
