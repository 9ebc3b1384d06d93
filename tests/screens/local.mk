# tier screens
