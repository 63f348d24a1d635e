package org.hearth.server.outbound;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/// Finds the addresses of a name.
@FunctionalInterface
public interface Resolver {
  /// Asks the system. May block as long as the system's own time-outs last.
  Resolver SYSTEM = name -> List.of(InetAddress.getAllByName(name));

  /// The addresses of a name.
  ///
  /// @param name a domain name, never an address
  /// @return its addresses, the preferred first; not empty
  /// @throws UnknownHostException if it has none, or nobody could be asked
  List<InetAddress> addresses(String name) throws UnknownHostException;
}
