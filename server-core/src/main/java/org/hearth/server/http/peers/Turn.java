package org.hearth.server.http.peers;

/// The time in which something of somebody goes on; to be closed at its end, once.
public interface Turn extends AutoCloseable {
  @Override
  void close();
}
