import Kernels

/// Names the zone type under which text options take the session's zone.
package typealias TextZone = Zone
