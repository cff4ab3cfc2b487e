//! Holds the tests of the kiosk's routes and sockets.
