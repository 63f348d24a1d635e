package org.hearth.server.http.connection;

import java.net.InetSocketAddress;
import java.util.Optional;

/// A listener could not open because something else listens there.
public final class PortInUseException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient InetSocketAddress address;
  private final transient Optional<Holder> holder;

  PortInUseException(InetSocketAddress address, Optional<Holder> holder, Throwable cause) {
    super(
        "port %d on %s is in use%s"
            .formatted(
                address.getPort(),
                address.getAddress().getHostAddress(),
                holder
                    .map(each -> " by %s (process %d)".formatted(each.command(), each.processId()))
                    .orElse("")),
        cause);
    this.address = address;
    this.holder = holder;
  }

  /// The address and port.
  public InetSocketAddress address() {
    return address;
  }

  /// Who holds it, where the system tells.
  public Optional<Holder> holder() {
    return holder;
  }

  /// A process that listens.
  ///
  /// @param processId its number
  /// @param command its name
  public record Holder(long processId, String command) {}
}
